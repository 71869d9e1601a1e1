"""Every other number of the rules that `make mutants` changes: in literals, so that none changes unseen.

What the docs promise stands in the two files beside this one. A new constant has its line here or there, or this fails.
"""

import ast
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from importlib import import_module

from tests.mutants.scope import ROOT, files, named
from tests.promises.test_constants import PROMISES
from tests.promises.test_more_constants import MORE

NUMBERS: dict[str, dict[str, object]] = {
    "chains_app.calls.authorizations": {"NONCE_BYTES": 32},
    "chains_app.calls.facilitator": {
        "X402_VERSION": 2, "VERIFY_SECONDS": 8.0, "SETTLE_SECONDS": 40.0, "SUPPORTED_SECONDS": 2.0, "MAX_BYTES": 65_536,
        "REMEMBERED_SECONDS": 300.0, "RETRY_SECONDS": 30.0, "PAUSE_SECONDS": 5.0,
    },
    "chains_app.calls.holdings": {"_FIRST_REACH": 1_024},
    "chains_app.calls.transactions": {
        "FAILED": -1, "_TRANSFER_DIGITS": 138, "_LARGEST_NONCE": 9_223_372_036_854_775_807,
    },
    "chains_app.calls.wallet_signatures": {"_KEY_SIGNATURE_BYTES": 65},
    "chains_app.evm.coin.balances": {
        "_HAS_CODE": 1 << 95, "_BYTES_EACH": 12, "ADDRESSES_PER_CALL": 2048,
        "_KEPT_BLOCKS": 100, "_NO_SUCH_METHOD": -32601,
    },
    "chains_app.evm.blocks": {"_BLOCKS_PER_BATCH": 10, "_REMEMBERED": 128, "_WITNESSES": 32},
    "chains_app.evm.known": {"_REMEMBERED_RECEIPTS": 20_000, "_REMEMBERED_BLOCKS": 2_000},
    "chains_app.evm.limits": {
        "USUAL_SPAN": 2000, "TOPICS_PER_FILTER": 500, "_WIDEST_SPAN": 10_000, "GROWS_AFTER": 60.0,
        "_LONGEST_PAUSE": 21600.0, "_SLOWEST": 1.0, "_SLOW": 4.0, "_BRISK": 20.0, "_ONE_EXCESS": 1.2,
        "_NO_PACE_ABOVE": 300.0,
    },
    "chains_app.evm.log_queries": {"_SLOW_SECONDS": 5.0, "_PATIENCE_SECONDS": 30.0},
    "chains_app.evm.logs": {"MOST_FILTERS": 4, "_LONGEST_PLACE": 160},
    "chains_app.evm.coin.native": {"_LONGEST_SWEEP": 100, "CALLS_PER_BLOCK": 2},
    "chains_app.evm.nodes": {
        "_LAG_SECONDS": 15, "_STANDS_STILL_SECONDS": 300, "_CLOCKS_DIFFER_BY": timedelta(minutes=5),
        "_FAILING_SECONDS": 8.0,
    },
    "chains_app.evm.reader": {
        "_LOGS_MAY_LAG_SECONDS": 12, "_MOST_BLOCKS_AGAIN": 64, "_REMEMBERED_BLOCKS": 64,
    },
    "chains_app.evm.unlisted": {"MOST_UNPROVEN": 8, "DISBELIEVED_SECONDS": 600.0, "_TOPICS_OF_A_LOG": 4},
    "chains_app.evm.watched": {"_MOST_CHANCE": 0.0001, "_BLOOM_BITS": 2048},
    "chains_app.rates.asking": {"_MARGIN_SECONDS": 0.3},
    "chains_app.rates.exchange_rates": {
        "_CLAIM_SECONDS": 5, "_LOOK_AGAIN_SECONDS": 0.25, "_DECIMALS": Decimal("1E-18"),
        "_TOO_LARGE": Decimal("1000000000000000"),
    },
    "chains_app.rates.http": {"MAX_BYTES": 524_288},
    "chains_app.rates.snapshots": {"_LOOKED_THROUGH": 240},
    "chains_app.reading.health": {"NOTICED_AFTER": timedelta(seconds=30)},
    "chains_app.reading.scanning": {"_PATIENCE_SECONDS": 60, "KEPT_CHECKPOINTS": 512},
    "chains_app.reading.set_aside": {
        "FIRST_PAUSE": timedelta(seconds=2), "LONGEST_PAUSE": timedelta(hours=6), "MOST_TRIES": 60,
        "AT_ONCE": 5_000,
    },
    "chains_app.receiving.bip32": {"HARDENED": 2_147_483_648, "PAYLOAD_BYTES": 78, "_LONGEST_TEXT": 112},
    "chains_app.receiving.deposits": {"_STEP_BYTES": 48},
    "chains_app.receiving.xpub": {"ACCOUNT_DEPTH": 3, "XPUB_LENGTH": 111},
    "common.api.amounts": {
        "_FINEST": Decimal("0.0001"), "_NOISE": Decimal("1E-9"), "_TOO_MUCH": Decimal("10000000000000000"),
    },
    "common.api.exact_json": {"MAX_DEPTH": 20, "MAX_NUMBER_LENGTH": 60, "MAX_EXPONENT": 400},
    "common.api.faults": {"_MOST_UNKNOWN": 20},
    "common.lease": {"SECONDS": 5, "_MOST_SECONDS": 600},
    "common.network.client_address": {"_IPV6_PREFIX": 64, "_MOST_HOPS": 10},
    "common.network.outbound_http": {
        "KEEP_ALIVE_SECONDS": 2.0, "RESOLVER_THREADS": 256, "SLOW_NAMES_THREADS": 64, "SLOW_NAME_SECONDS": 1.0,
    },
    "common.public_ids": {"_LENGTH": 26, "_AT_ONCE": 64},
    "merchants_app.businesses.embedding": {"MOST_ORIGINS": 20, "LONGEST_ORIGIN": 255},
    "merchants_app.businesses.limits": {"LETTERS_A_DAY": 100},
    "merchants_app.businesses.money_rules": {"_HUNDREDTH": Decimal("0.01")},
    "merchants_app.businesses.visits": {"LASTS": timedelta(minutes=30)},
    "merchants_app.frame.paging": {"SIZE": 50},
    "merchants_app.frame.throttling": {"_SHARES": 200, "PAUSE_SECONDS": 2.0, "CONNECTING_PER_MINUTE": 30,
                                           "SIGNED_PER_MINUTE": 20},
    "merchants_app.keys.api_keys": {"_SECRET_BYTES": 20, "_HINT_LENGTH": 12, "_CACHE_LIMIT": 10_000},
    "merchants_app.keys.expiry_mails": {"AHEAD": timedelta(days=7)},
    "merchants_app.people.invitations": {"BETWEEN_LETTERS": timedelta(minutes=10), "INVITATIONS_A_DAY": 30,
                                         "INVITATIONS_A_DAY_TO_ONE": 5},
    "merchants_app.requests.idempotency": {"_LONGEST_KEY": 255, "LEASE": timedelta(minutes=2), "_RENEWALS": 30},
    "merchants_app.requests.stored_answers": {"_AT_A_TIME": 500},
    "merchants_app.sign_in.devices": {"_EXACT_TO": timedelta(minutes=1)},
    "merchants_app.treasuries.treasuries": {
        "NETWORKS_ANSWER_SECONDS": 5.0, "_LAST_RESERVED": 65_535,
    },
    "sessions_app.books.booking": {"_RATE_STEP": Decimal("1E-18")},
    "sessions_app.books.catching_up": {
        "BATCH": 500, "MOST_BATCHES": 200, "LOOKED_AT_AGAIN": 10_000, "SUMMED_AT_ONCE": 5_000,
    },
    "merchants_app.businesses.days": {"CLOSES_AFTER": timedelta(hours=6)},
    "sessions_app.books.definitions": {"ZERO": Decimal("0"), "MOST_SUMMED": 10_000},
    "sessions_app.books.fees": {"MOST_ASKED": 100, "_ASKED_FOR": timedelta(days=7)},
    "sessions_app.books.journal": {"_AT_ONCE": 2_000},
    "sessions_app.books.statement": {"MONTHS_SHOWN": 4},
    "sessions_app.books.worths": {"_LONGEST": 300},
    "sessions_app.letters.sending": {
        "BATCH": 200, "MOST_SECONDS": 240.0, "AWAY_PAUSE": timedelta(seconds=30),
        "PAUSES": tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 360, 720, 1440, 1440)),
    },
    "sessions_app.paying.announcing": {"BELIEVED": timedelta(hours=1), "WAITS": timedelta(days=7)},
    "sessions_app.paying.going_on": {"LEAST": 1_000, "PACE_OF": timedelta(days=7), "TIMES": 3},
    "sessions_app.paying.paying_again": {"_TRIES": 3},
    "sessions_app.paying.second_thoughts": {"_TRIED_AGAIN": timedelta(minutes=1), "_AT_ONCE": 500},
    "sessions_app.paying.used_deposits": {"_MOST_AT_ONCE": 2_000, "_TRIES": 5},
    "sessions_app.receipts.content": {"VERSION": 1},
    "sessions_app.receipts.issuing": {"BATCH": 200, "_LOOKED_AT_AGAIN": 50_000},
    "sessions_app.signing.asked": {"TO_SETTLE": 300, "TO_SETTLE_LATE": 60},
    "sessions_app.signing.kept": {"LEASE": timedelta(seconds=75)},
    "sessions_app.signing.settling": {"SHORTEST": timedelta(seconds=10), "LONGEST": timedelta(minutes=15)},
    "sessions_app.terms.links": {"MOST_QUICK_AMOUNTS": 8},
    "sessions_app.reading.list_sql": {"LOOKED_THROUGH": 20_000},
    "sessions_app.terms.sessions": {"MAX_METADATA_EXPONENT": 40},
    "sessions_app.buyers.erasing": {"BATCH": 100, "_NAMED_IN_SENTENCE": 3},
    "sessions_app.buyers.forgetting": {"_SHORTEST": 3},
    "sessions_app.buyers.retention": {"BATCH": 200, "MOST_SECONDS": 1200.0},
    "sessions_app.collecting.compared": {
        "ASKING_SECONDS": 25.0, "LONGEST_SECONDS": 45.0, "MOST_ADDRESSES": 2_000, "PAUSE_SECONDS": 60,
    },
    "sessions_app.collecting.piles": {"BUSY": 2},
    "sessions_app.collecting.worth_letters": {"GREW": 2},
    "sessions_app.collecting.watch": {
        "MOST_BLOCKS": 5000, "MOST_TOLD": 100, "MOST_DEPOSITS": 500,
        "_MOST_AT_ONCE": 1000,
    },
    "sessions_app.collecting.undone": {"_ASKED_AT_ONCE": 100, "_LOOKED_BACK": timedelta(days=2)},
    "sessions_app.refunding.undone": {"_PAUSE_SECONDS": 30},
    "sessions_app.refunding.address": {"_LETTERS": ((timedelta(hours=1), 3), (timedelta(days=1), 6))},
    "sessions_app.refunding.mails": {
        "AGAIN_AFTER": timedelta(hours=1), "TO_ONE_MAILBOX": 6, "OF_ONE_BUSINESS": 200,
        "OF_ONE_BUSINESS_IN_TEST": 20, "_DAY": timedelta(days=1),
    },
    "sessions_app.refunding.matching": {"CLOCKS_DIFFER": timedelta(minutes=10), "MOST_CANDIDATES": 20},
    "sessions_app.paying.refund_states": {"_REASON_LENGTH": 200},
    "sessions_app.refunding.told": {"MOST_TOLD": 50, "_FOUND_WITHIN_SECONDS": 120},
    "sessions_app.refunding.watch": {"_LOOKED_FOR_STILL": timedelta(days=7)},
    "sessions_app.selling.creation": {"_TRIES": 3},
    "sessions_app.state.back": {"PRECISION": 180},
    "sessions_app.state.counting": {"ZERO": Decimal("0")},
    "sessions_app.state.evaluation": {"RATE_PATIENCE": timedelta(hours=1)},
    "sessions_app.state.expiry": {"_REST": 1.25},
    "sessions_app.state.representation": {"MOST_LISTED": 50, "ZERO": Decimal("0")},
    "sessions_app.orders.stock": {
        "_HELD_FOR": timedelta(minutes=15), "_ON_ITS_WAY": timedelta(minutes=2), "_KEPT_AT_MOST": timedelta(minutes=30),
        "_LOCK": 1_823_308_187,
    },
    "sessions_app.watching.announced": {
        "SEEN_WITHIN": timedelta(seconds=10), "MOST_ASKED": 50, "MOST_LOOKED_AT": 5000, "_PAUSE_SECONDS": 60,
    },
    "sessions_app.watching.payments": {"_REASON_LENGTH": 200},
    "sessions_app.watching.searches": {
        "PAUSE": timedelta(minutes=10), "MOST_WAITING": 20, "SECONDS": 240.0, "AT_ONCE": 2,
    },
    "sessions_app.watching.second_looks": {"MOST_ROWS": 20},
    "sessions_app.watching.looking": {
        "_EARLIER": timedelta(minutes=10), "MOST_FULL_BLOCKS": 5_000, "_COIN_BLOCKS": 500, "TOKEN_BLOCKS": 50_000,
    },
    "sessions_app.watching.second_reading": {"MANY": 5_000, "TIMES_WIDER": 4},
    "sessions_app.watching.sightings": {"MINED_AGAIN_WITHIN": timedelta(hours=1)},
    "sessions_app.watching.standing_still": {
        "MOVED_AT_MOST": timedelta(hours=24), "_LEFT_AT_LEAST": timedelta(minutes=1), "_SOON": timedelta(seconds=30),
        "_AT_ONCE": 500,
    },
    "sessions_app.watching.turns": {
        "BESIDE_SECONDS": 15, "IDLE_SECONDS": 60, "_LOOKED_UP_SECONDS": 10, "_SIGNED_WITHIN": timedelta(hours=1),
    },
    "webhooks_app.endpoints.tries": {"SHOWN": 60},
    "webhooks_app.events.forgetting": {"BATCH": 200},
    "webhooks_app.events.positions": {"JUMP": 1_000_000_000},
    "webhooks_app.pairing.codes": {"LIFETIME_SECONDS": 120},
    "webhooks_app.pairing.shops": {"LONGEST_URL": 2000},
    "webhooks_app.events.retention": {"BATCH": 2000, "MOST_SECONDS": 1200.0},
    "webhooks_app.queue.delivery": {"SET_ASIDE_AT_ONCE": 1000},
    "webhooks_app.queue.resending": {"BATCH": 1000, "_NOTED_WITHIN": timedelta(minutes=1)},
    "webhooks_app.queue.retry_schedule": {"MOST_ATTEMPTS": 10},
    "webhooks_app.sending.database": {
        "CONNECT_SECONDS": 3, "RETRY_SECONDS": 0.5, "SERVERS_SECONDS": 4.0, "STATEMENT_SECONDS": 5.0,
    },
    "webhooks_app.sending.diagnosis": {"LONGEST_DETAIL": 300},
    "webhooks_app.sending.reports": {
        "GATHER_SECONDS": 0.005, "MOST_AT_ONCE": 500, "HEALTH_NOTED_EVERY_SECONDS": 1.0, "AGAIN_SECONDS": 1.0,
    },
    "webhooks_app.sending.sender": {"BREATH_SECONDS": 0.003, "MOST_UNRECORDED": 2000, "STOP_SECONDS": 5.0},
    "webhooks_app.sending.trial": {"_AT_ONCE": 2},
    "webhooks_app.signing": {"_KEY_BYTES": 32},
}  # fmt: skip


def test_every_number_is_what_it_was() -> None:
    written = {f"{module}.{name}": value for module, given in NUMBERS.items() for name, value in given.items()}
    promised = {each[0] for each in PROMISES + MORE}
    found = {name: value for name, value in constants() if name not in promised}
    new = "\n".join(f"{name}: {found[name]!r}" for name in sorted(found.keys() - written))
    assert not new, f"write these into NUMBERS:\n{new}"
    assert sorted(written.keys() - found) == [], "no longer there, or promised elsewhere: take them out of NUMBERS"
    assert {name: found[name] for name in found if (type(found[name]), found[name]) != _kind(written[name])} == {}


def _kind(value: object) -> tuple[type, object]:
    return type(value), value


def test_whatever_is_named_to_be_changed_is_there() -> None:
    assert [name for name in named() if not any(ROOT.glob(name))] == []


def constants() -> Iterator[tuple[str, object]]:
    """What the modules give a name to, once, and is a number, a time, or several of them, written down there."""
    for path in files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body if path.suffix == ".py" else ():
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and has_literal(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                loaded = import_module(module)
                values = ((f"{module}.{name}", getattr(loaded, name)) for name in names)
                yield from ((name, value) for name, value in values if is_number(value))


def has_literal(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) for each in ast.walk(node))


def is_number(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(map(is_number, value))
    return isinstance(value, int | float | Decimal | timedelta) and not isinstance(value, bool)
