"""Makes the strangers by the real rules: two businesses × two modes × two networks, with one of everything."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from chains_app.models import Provider, RateSheet
from chains_app.networks.networks import network
from chains_app.rates.exchange_rates import refresh_rates
from chains_app.reading.reader import Doubt
from chains_app.reading.set_aside import set_aside
from merchants_app.businesses.visits import begin_visit, end_visit
from merchants_app.keys.api_keys import create_key, forget_keys, revoke_key
from merchants_app.keys.holders import KeysGo
from merchants_app.models import ApiKey, Member, Merchant, Role, Treasury, User, WhenToWrite, XpubAccount
from merchants_app.people.invitations import invite
from merchants_app.people.letters import write_about_collecting_to
from merchants_app.people.team import remove
from merchants_app.requests.log import write_lines
from sessions_app.books.catching_up import add_up
from sessions_app.models import (
    Authorization,
    CheckoutSession,
    DepositAddress,
    MonthEndBalance,
    SpareDeposit,
    UnbookedFee,
)
from sessions_app.paying.announcing import announce
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link, open_link
from sessions_app.state.lifecycle import expire
from tests.cast import Api, agreed
from tests.factors import give_factor
from tests.fake_rates import fake_rates
from tests.strangers.businesses import BUSINESSES, Business
from tests.strangers.decided import FAR, NETWORKS, decisions
from tests.strangers.marks import addresses_of_buyers, marks_of, write_down
from tests.strangers.still_chain import StillChain
from tests.strangers.world import CAST, EVERYBODYS_CUSTOMER, MODES, SCOPES, World
from tests.strangers.written import write_to_buyers
from webhooks_app.endpoints.endpoints import create_endpoint, delete_endpoint
from webhooks_app.models import Delivery, Event
from webhooks_app.queue.delivery import Capacities, Claim, Outcome, claim_due, report
from webhooks_app.sending.trial import try_endpoint


def make_strangers() -> None:
    """Fills CAST and the database. Leaves no letter, no rate, no remembered key behind."""
    with _all_networks_on():
        for name, business in BUSINESSES.items():
            merchant, people = _team(name, business)
            for mode in MODES:
                CAST[name, mode] = World(merchant=merchant, mode=mode, people=dict(people))
                _doors(CAST[name, mode], name, business)
            member = Member.objects.get(merchant=merchant, user=people["removed"])
            remove(merchant=merchant, member_id=member.pk, actor=people["owner"].email, keys=KeysGo.REVOKE)
            asked = invite(
                merchant=merchant, email=f"new@{name}.example", role=Role.VIEWER, actor=people["owner"].email
            )
            for mode in MODES:
                CAST[name, mode].ids["invitation"] = str(asked.pk)
            visitor = User.objects.create_superuser(f"operator@{name}.example", "correct horse battery")
            shown_as = Member.objects.get(merchant=merchant, role=Role.SUPPORT)
            end_visit(begin_visit(merchant=merchant, member_id=shown_as.pk, by=visitor, reason="They asked for help."))
        # Who was removed from one team looks after the other's business now.
        for one, other in (("zoe", "yan"), ("yan", "zoe")):
            removed = CAST[one, "test"].people["removed"]
            Member.objects.create(merchant=CAST[other, "test"].merchant, user=removed, role=Role.VIEWER)
        _money()
        for (name, _), world in CAST.items():
            decisions(world, BUSINESSES[name])
    Member.objects.update(decisions_told_until=FAR)  # no letter of a test goes to them
    _deliver()
    write_to_buyers()
    for (name, _), world in CAST.items():
        _tried(world)
        _spare(world)
        write_down(world)
        world.marks = marks_of(world, BUSINESSES[name])
        world.buyers = addresses_of_buyers(world)
    write_lines()
    add_up()  # so that whoever adds up others' sums has nothing to do with theirs
    RateSheet.objects.all().delete()
    cache.clear()
    forget_keys()
    if hasattr(mail, "outbox"):
        mail.outbox.clear()


@contextmanager
def _all_networks_on() -> Iterator[None]:
    """Their networks are enabled, and the sources of rates answer."""
    with pytest.MonkeyPatch.context() as patch, fake_rates(dict(network("ethereum").feeds)) as rates:
        for each in {"ethereum", *NETWORKS["test"], *NETWORKS["live"]}:
            patch.setenv(network(each).rpc_variable, rates.node.url if each == "ethereum" else "http://127.0.0.1:9")
        with override_settings(COINBASE_URL=rates.coinbase.url, KRAKEN_URL=rates.kraken.url):
            refresh_rates()
            yield


def _team(name: str, business: Business) -> tuple[Merchant, dict[str, User]]:
    """One of each role; and one who was in the team, and now looks after somebody else's business."""
    merchant = Merchant.objects.create(name=business.name, support_email=f"hello@{name}.example", **business.settings)
    people = {}
    for role in [*Role, "removed"]:
        people[str(role)] = User.objects.create_user(f"{role}@{name}.example", "correct horse battery")
        is_role = role in list(Role)
        Member.objects.create(merchant=merchant, user=people[str(role)], role=role if is_role else Role.OWNER)
    give_factor(people["removed"])
    since = timezone.now() - timedelta(days=30)
    for mode, wallet in business.wallets.items():
        Treasury.objects.create(merchant=merchant, mode=mode, address=wallet, active_from=since)
        # Of an xpub that they named once, in either mode: no other business may draw from it.
        account = {"fingerprint": sha256(wallet.encode()).hexdigest(), "next_index": len(name) + len(mode)}
        XpubAccount.objects.create(merchant=merchant, mode=mode, **account)
    return merchant, people


def _doors(world: World, name: str, business: Business) -> None:
    """Keys, endpoints, links, and sessions that nobody has paid."""
    merchant, mode, owner = world.merchant, world.mode, world.people["owner"]
    members = Member.objects.filter(merchant=merchant)
    world.ids["member"] = str(members.get(role=Role.SUPPORT).pk)
    world.ids["treasury"] = str(Treasury.objects.get(merchant=merchant, mode=mode).pk)
    write_about_collecting_to(world.people["support"], merchant, mode, letters=WhenToWrite.NEVER)
    _keys(world, owner)
    base = f"https://{name}.example/{mode}"
    for word, chosen in (("endpoint", ()), ("choosy", ("checkout.expired",)), ("gone", ())):
        made, _ = create_endpoint(merchant=merchant, mode=mode, url=f"{base}/{word}", events=chosen, actor=owner.email)
        world.ids[word] = made.public_id
        if word == "gone":
            delete_endpoint(endpoint=made, actor=owner.email)
    link = create_link(
        merchant=merchant,
        mode=mode,
        terms={"amount": business.price, "currency": business.currency, "product_name": f"{name}'s {mode} box"},
    )
    world.ids["link"] = link.public_id
    world.ids["by_link"] = open_link(link, email=EVERYBODYS_CUSTOMER, name="Pat Payer").public_id
    _sessions(world, name, business)
    world.ids["customer"] = CheckoutSession.objects.get(public_id=world.ids["open"]).customer.public_id
    Api(world.secrets["key"]).post(
        "payment-links", {"currency": "USD", "productName": "Mug"}, Idempotency_Key=f"{name}-{mode}"
    )


def _keys(world: World, owner: User) -> None:
    """One that may everything, one for each half, one that was revoked."""
    given: dict[str, dict[str, Any]] = {
        "key": {"scopes": SCOPES}, **{scope: {"scopes": [scope]} for scope in SCOPES}, "revoked": {"scopes": SCOPES},
        "expired": {"scopes": SCOPES, "expires_at": timezone.now() + timedelta(days=1)},
        "orphan": {"scopes": SCOPES, "by": world.people["removed"]}, "taken": {"by": world.people["developer"]},
    }  # fmt: skip
    for word, options in given.items():
        key, world.secrets[word] = create_key(
            merchant=world.merchant, mode=world.mode, name=f"{word} of the shop", **{"by": owner} | options
        )
        world.ids[f"{word}_id"] = key.public_id
        if word == "revoked":
            revoke_key(key, by=owner)
        if word == "expired":
            ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(days=1))


def _sessions(world: World, name: str, business: Business) -> None:
    """Open ones as they came, one with an address, one that ended; and those that `_money` pays."""
    first, second = NETWORKS[world.mode]
    playing = "sandbox" if world.mode == "test" else first
    for word, options in {
        "fresh": None, "open": (first, "USDC"), "quoted": (playing, "USDC"), "said": (first, "USDC"),
        "expired": None, "quiet": None, "odd": (first, "USDC"), "other_odd": (first, "USDC"),
        "decided": (second, "USDC"), "paid": (second, network(second).native.symbol),  # type: ignore[union-attr]
    }.items():  # fmt: skip
        body = agreed(
            amount=business.price,
            currency=business.currency,
            email=EVERYBODYS_CUSTOMER if word != "quiet" else "sam@example.com",
            reference=f"{name}-{world.mode}-{word}",
            successUrl=f"https://{name}.example/thanks",
            cancelUrl=f"https://{name}.example/cart",
            metadata={"orderId": f"{name}-{word}"},
            productName=f"{name}'s {world.mode} box",
        )
        made = create_session(merchant=world.merchant, mode=world.mode, terms=body)
        world.ids[word], world.ids[f"{word}_page"] = made.public_id, made.page_token
        if options:
            choose_option(session=made, asset=options[1], network=options[0], now=timezone.now())
        if word == "said":
            tx_hash = "0x" + sha256(f"{name} {world.mode}".encode()).hexdigest()
            announce(made, tx_hash=tx_hash, amount="what it costs", now=timezone.now())
            _sign(made, tx_hash)
        if word in {"expired", "quiet"}:
            expire(made, actor="shop")
    # Nothing of this buyer's is waited for any more.
    quiet = CheckoutSession.objects.get(public_id=world.ids["quiet"])
    world.ids["quiet_customer"] = quiet.customer.public_id
    # What stays open stays so whatever a test does to the clock.
    ids = CheckoutSession.objects.filter(merchant=world.merchant, mode=world.mode)
    watch_until = FAR + timedelta(days=business.settings["watch_days"])
    ids.update(expires_at=FAR, watch_until=watch_until, opened_at=timezone.now())
    DepositAddress.objects.filter(session__in=ids).update(watch_until=watch_until)
    CheckoutSession.objects.filter(pk=quiet.pk).update(watch_until=timezone.now())


def _sign(session: CheckoutSession, tx_hash: str) -> None:
    """As if a facilitator had brought what the buyer signed."""
    Authorization.objects.create(
        session=session,
        network="devchain",
        asset="USDC",
        sender="0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        nonce="0x" + sha256(tx_hash.encode()).hexdigest(),
        amount_units=49_000_000,
        valid_before=timezone.now(),
        stage="settled",
        tx_hash=tx_hash,
    )


def _money() -> None:
    """Pays, on all networks, and lets the watcher see it."""
    for mode, networks in NETWORKS.items():
        for each in networks:
            chain = StillChain(network(each), now=timezone.now())
            for (name, its_mode), world in CAST.items():
                if its_mode != mode:
                    continue
                for word, times in (("odd", "1.5"), ("other_odd", "1.5"), ("decided", "1.5"), ("paid", "1")):
                    session = CheckoutSession.objects.get(public_id=world.ids[word])
                    if session.quote and session.quote.network == each:
                        chain.pay(session, times=times, sender=BUSINESSES[name].buyers_wallet)
            chain.read()
            odd = Doubt(what="log", place="log 1", first=1, last=1, address="", why="It is the strangers'.")
            set_aside(network(each), [odd], FAR)
            Provider.objects.create(network=each, key=each, host=f"{each}.node.example", updated_at=timezone.now())


def _deliver() -> None:
    """All that waits is taken by its receiver, as the sender would tell."""
    asyncio.run(_deliver_all())


async def _deliver_all() -> None:
    options = connection.get_connection_params()
    given = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if name in options}
    async with await psycopg.AsyncConnection.connect(**given, autocommit=True) as other:
        capacities = Capacities(sizes={}, holding=frozenset(), fresh=1000, held=1000, total=1000)
        while claims := await claim_due(other, capacities):
            await report(other, [_taken(claim) for claim in claims], {})


def _taken(claim: Claim) -> Outcome:
    return Outcome(claim=claim, started_at=datetime.now(UTC), duration_ms=37, status_code=200, answer_excerpt="thanks")


def _tried(world: World) -> None:
    """An endpoint where nobody is, and its test, which failed."""
    made, _ = create_endpoint(
        merchant=world.merchant, mode=world.mode, url=f"http://127.0.0.1:9/{world.merchant.public_id}/{world.mode}",
        events=["checkout.issue_opened"], actor=world.people["owner"].email,
    )  # fmt: skip
    world.ids["tried"] = made.public_id
    world.ids["failed"] = try_endpoint(endpoint=made).public_id
    delivered = Delivery.objects.filter(endpoint__public_id=world.ids["endpoint"]).order_by("id")
    world.ids["delivery"] = delivered[0].public_id
    world.ids["event"] = Event.objects.get(subject=world.ids["odd"], type="checkout.completed").public_id


def _spare(world: World) -> None:
    """A deposit that is listed as one that may serve again, a fee that is to be booked, and what a month ended with."""
    deposit = DepositAddress.objects.filter(session__merchant=world.merchant, session__mode=world.mode).earliest("id")
    SpareDeposit.objects.create(deposit=deposit, treasury=deposit.session.treasury, network=NETWORKS[world.mode][0])
    # What its collection cost is asked of its network.
    UnbookedFee.objects.create(
        merchant=world.merchant, mode=world.mode, network=NETWORKS[world.mode][0], tx_hash="0xfee", at=timezone.now()
    )
    now = timezone.now()
    MonthEndBalance.objects.create(
        merchant=world.merchant, mode=world.mode, month=now.date().replace(day=1), network=NETWORKS[world.mode][0],
        asset="ETH", amount_units=7, block_number=7, block_time=now,
    )  # fmt: skip
