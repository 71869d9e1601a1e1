"""Constants that other tests import: what they are is held here, in literals, with what the docs say of them."""

from datetime import time, timedelta

import pytest

from tests.promises.test_constants import check_promise

MORE = [
    # where, its value, the page, a piece of its sentence
    ("chains_app.receiving.deposits.FACTORY_ADDRESS", "0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0", "receiving.md",
     "The factory's address is `0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0` on every network"),
    ("chains_app.receiving.deposits.DEPLOYMENT_PROXY", "0x4e59b44847b379578588920cA78FbF26c0B4956C", "receiving.md",
     "`0x4e59b44847b379578588920cA78FbF26c0B4956C`"),
    ("chains_app.receiving.deposits.GAS_EACH", 300_000, "receiving.md", "about 300,000 gas higher"),
    ("chains_app.calls.gas.TRANSACTION_CAP", 16_777_216, "receiving.md", "16,777,216 gas"),
    ("chains_app.calls.gas.PLAIN_TRANSFER", 21_000, None, ""),
    ("chains_app.calls.gas.UNKNOWN_FITS", 20, None, ""),
    ("chains_app.evm.coin.native.SWEEP_SECONDS", 45, "networks.md", "its balance compared once in 45 s"),
    ("chains_app.evm.nodes.COMPARE_SECONDS", 10, None, ""),
    ("chains_app.evm.exchange.MOST_BYTES", 134_217_728, None, ""),
    ("chains_app.evm.limits.MOST_CALLS_PER_BATCH", 100, None, ""),
    ("chains_app.evm.log_queries._CUT_TO", frozenset({100, 500, 1000, 2000, 5000, 10000, 20000, 50000}), None, ""),
    ("chains_app.rates.exchange_rates.BUYER_WAITS_SECONDS", 2.8, None, ""),
    ("chains_app.rates.exchange_rates.BACKGROUND_SECONDS", 10.0, None, ""),
    ("chains_app.rates.snapshots.KEPT", timedelta(days=8), None, ""),
    ("chains_app.rates.rules.CLOCKS_DIFFER", timedelta(minutes=1), None, ""),
    ("chains_app.reading.scanning.WINDOW", 500, None, ""),
    ("merchants_app.frame.throttling.WINDOW_SECONDS", 60, None, ""),
    ("common.network.public_addresses.OWN_MACHINE", frozenset({"127.0.0.1", "localhost", "::1"}), None, ""),
    ("sessions_app.terms.sessions._SYMBOL", {"type": "string", "minLength": 1, "maxLength": 16}, None, ""),
    ("sessions_app.terms.sessions.MAX_METADATA_KEYS", 50, "api.md", "metadata at most 50 names and 8 KB"),
    ("sessions_app.terms.sessions.MAX_METADATA_BYTES", 8192, "api.md", "metadata at most 50 names and 8 KB"),
    ("sessions_app.paying.second_thoughts.CAN_BE_TAKEN_BACK", timedelta(minutes=1), "dashboard.md",
     "A decision takes effect after a minute"),
    ("merchants_app.people.letters.MORNING", time(8), "dashboard.md", "once a day at 08:00"),
    ("sessions_app.reading.waiting_letters.NAMED", 10, None, ""),
    ("sessions_app.refunding.address.CODE_HOLDS", timedelta(minutes=10), None, ""),
    ("sessions_app.models.address_change.TRIES", 5, "refunds.md", "may be tried five times"),
    ("sessions_app.watching.watcher.MOST_PASSES", 20, None, ""),
    ("sessions_app.state.expiry.BATCH", 1000, None, ""),
    ("webhooks_app.sending.attempts.CONNECT_SECONDS", 10.0, None, ""),
    ("webhooks_app.endpoints.custom_headers.MOST", 20, None, ""),
    ("webhooks_app.endpoints.custom_headers.LONGEST", 1000, None, ""),
    ("webhooks_app.endpoints.endpoints.MOST_FORMER_SECRETS", 3, None, ""),
    ("webhooks_app.endpoints.tries.LOOKED_AT", 200, None, ""),
    ("webhooks_app.queue.delivery.ENDPOINTS_A_CLAIM", 200, None, ""),
    ("webhooks_app.sending.lanes.FIRST_WIDTH", 4, None, ""),
    ("webhooks_app.sending.lanes.NARROWEST", 2, None, ""),
    ("webhooks_app.sending.lanes.WIDEST", 64, None, ""),
    ("webhooks_app.sending.lanes.STEADY", 8, None, ""),
    ("webhooks_app.sending.lanes.QUICK_SECONDS", 0.03, None, ""),
    ("webhooks_app.sending.lanes.WINDOW", 1000, None, ""),
    ("webhooks_app.sending.lanes.HOLDING_SECONDS", 1.0, None, ""),
    ("webhooks_app.sending.lanes.MOST_CLAIMED", 1000, None, ""),
    ("webhooks_app.sending.lanes.MOST_HELD", 500, None, ""),
    ("webhooks_app.sending.lanes.MOST_HELD_WITH_TRIES", 750, None, ""),
    ("webhooks_app.sending.sender.POLL_SECONDS", 1.0, None, ""),
    ("merchants_app.people.invitations.LASTS", timedelta(days=7), "dashboard.md", "A link works once, for seven days."),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value", "page", "sentence"), MORE, ids=[each[0] for each in MORE])
def test_another_promise_is_kept(where: str, value: object, page: str | None, sentence: str) -> None:
    check_promise(where, value, page, sentence)
