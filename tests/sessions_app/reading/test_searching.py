"""Whatever a buyer reads out or a shop pastes finds the session; the same text finds nobody else's."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress, Payment, Quote, Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.reading import searching
from sessions_app.reading.listing import Wanted, list_sessions
from sessions_app.reading.searching import found_by, read_as, sought_everywhere
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.scope import SessionScope
from sessions_app.selling.creation import create_session
from sessions_app.selling.payment_links import create_link, open_link
from sessions_app.status import RefundKind
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET, agreed, merchant, refreshed
from tests.desk import Desk
from tests.operators import Operator
from tests.sandbox import sandbox_at
from tests.strangers.world import own
from webhooks_app.models import Event

NewSession = Callable[..., CheckoutSession]
Say = Callable[[CheckoutSession], str]
# Of a refund: its buyer named another address since, and no network has its transaction yet.
SENT_TO, SAID = PATS_WALLET, "0x" + "5e" * 32


def groups(address: str) -> str:
    """As our own pages show it."""
    return " ".join([address[:6], *(address[at : at + 4] for at in range(6, len(address), 4))])


def tx(session: CheckoutSession) -> str:
    return session.payments.get().tx_hash


SPELLINGS: dict[str, Say] = {
    "session id": lambda s: s.public_id,
    "session id in capitals": lambda s: s.public_id.upper(),
    "address of the page": lambda s: f"https://pay.example/pay/{s.page_token}?change=1",
    "the shop's thank-you page": lambda s: f"https://shop.example/thanks?session_id={s.public_id}",
    "order number": lambda s: "Order-77153-B",
    "order number in other letters": lambda s: "order-77153-b",
    "half an order number": lambda s: "77153",
    "e-mail": lambda s: "Pat.Doe@Example.COM",
    "e-mail before the @": lambda s: "pat.doe",
    "name": lambda s: "doe",
    "whole name": lambda s: "pat doe",
    "product": lambda s: "winter",
    "customer": lambda s: s.customer.public_id,
    "payment": lambda s: s.payments.get().public_id,
    "event": lambda s: Event.objects.filter(subject=s.public_id).first().public_id,  # type: ignore[union-attr]
    "address": lambda s: s.deposit.address,
    "address in small letters": lambda s: s.deposit.address.lower(),
    "address in groups": lambda s: groups(s.deposit.address),
    "address with its middle left out": lambda s: f"{s.deposit.address[:8]}…{s.deposit.address[-4:]}",
    "transaction": lambda s: tx(s).upper().replace("0X", "0x"),
    "transaction in an explorer's address": lambda s: f"https://basescan.org/tx/{tx(s)}#eventlog",
    "transaction shortened": lambda s: f"{tx(s)[:10]}...{tx(s)[-6:]}",
    "beginning of a transaction": lambda s: tx(s)[:12],
    "beginning of a transaction in groups": lambda s: f"{tx(s)[:6]} {tx(s)[6:10]} {tx(s)[10:14]}",
    "end of a transaction": lambda s: f"…{tx(s)[-8:]}",
    "transaction in groups": lambda s: groups(tx(s)),
    "sender": lambda s: s.payments.get().sender.lower(),
    "refund address": lambda s: OTTOS_WALLET,
    "where a refund went": lambda s: SENT_TO,
    "where a refund went, in small letters": lambda s: SENT_TO.lower(),
    "the beginning of where a refund went": lambda s: SENT_TO[:9],
    "what a refund is said to be": lambda s: SAID.upper().replace("0X", "0x"),
    "the end of what a refund is said to be": lambda s: f"…{SAID[-8:]}",
    "amount": lambda s: "1234.5",
    "amount with its currency": lambda s: "USD 1,234.50",
    "amount as in Berlin": lambda s: "1.234,50",
    "what was paid, in its asset": lambda s: "1851.75 USDC",
    "metadata": lambda s: "gift wrap",
    "a number in metadata": lambda s: "90210",
    "metadata by name": lambda s: "note: Gift wrap, please",
    "a number in metadata by name": lambda s: "zip 90210",
}

# Operators see who buys for a reason alone: a part that finds would spell it to them, letter by letter.
PARTS_OF_WHO_BUYS = {"e-mail before the @", "name", "metadata", "a number in metadata"}


def sought(scope: SessionScope, sessions: QuerySet[CheckoutSession], text: str) -> QuerySet[CheckoutSession]:
    return sessions.filter(pk__in=found_by(scope, text))


@pytest.fixture(scope="module")
def history(once: None) -> CheckoutSession:
    """One with something to be found by everywhere, paid with too much; and others beside it."""
    with sandbox_at() as sandbox:
        mia = merchant("Mia Coffee", MIAS_WALLET)
        mug = agreed(
            reference="Order-99", amount=Decimal(12), email="sam@example.com", name="Sam Roe", productName="Mug"
        )
        create_session(merchant=mia, mode="test", terms=mug)
        box = agreed(
            reference="Order-77153-B", amount=Decimal("1234.50"), email="pat.doe@example.com", name="Pat Doe",
            metadata={"note": "Gift wrap, please", "zip": 90210},
        )  # fmt: skip
        session = create_session(merchant=mia, mode="test", terms=box)
        choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
        sandbox.play(session, "over", seconds=9)
        wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS))
        session = leave_address(session, OTTOS_WALLET)
        refund = prepare_refund(session=session, wish=wish, actor="mia@example.com")
        tell_transaction(refund, SAID, actor="mia@example.com")
        Refund.objects.filter(pk=refund.pk).update(to_address=SENT_TO)
        return session


@pytest.fixture
def mia(history: CheckoutSession, db: None) -> Merchant:
    return Merchant.objects.get(pk=history.merchant_id)


@pytest.fixture
def wanted(history: CheckoutSession, db: None) -> CheckoutSession:
    return refreshed(history)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_session_is_found_by_what_is_at_hand(wanted: CheckoutSession, spelling: str) -> None:
    scope = SessionScope.of(wanted)
    text = SPELLINGS[spelling](wanted)
    assert [each.public_id for each in sought(scope, scope.sessions(), text)] == [wanted.public_id], text
    everywhere = sought_everywhere(CheckoutSession.objects.filter(merchant=wanted.merchant), text)
    assert [each.public_id for each in everywhere] == ([] if spelling in PARTS_OF_WHO_BUYS else [wanted.public_id])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_nobody_finds_what_is_anothers(wanted: CheckoutSession, otto: object, spelling: str) -> None:
    other = SessionScope(merchant=otto, mode="test")  # type: ignore[arg-type]
    live = SessionScope(merchant=wanted.merchant, mode="live")
    for scope in (other, live):
        assert list(sought(scope, scope.sessions(), SPELLINGS[spelling](wanted))) == []


# As the page says how it read what was typed.
IN_NEWEST = "looked for among the newest 20,000 sessions, a whole"
ADDRESS = "an address: where somebody paid to, among all; who paid, among the newest 20,000 sessions"
PART = f"the beginning of a transaction or address: {IN_NEWEST} transaction or deposit address among all"
READ_AS = {
    "session id": "a session", "address of the page": "the address of a buyer's page", "customer": "a customer",
    "payment": "a payment", "event": "an event", "address in groups": ADDRESS,
    "address with its middle left out": PART,
    "end of a transaction": PART,
    "transaction in an explorer's address": "a transaction", "transaction in groups": "a transaction",
    "e-mail": "an e-mail address",
    "e-mail before the @": f"an order number, or words: {IN_NEWEST} order number among all",
    "amount with its currency": f"an amount, an order number, or words: {IN_NEWEST} order number among all",
    "a number in metadata": f"an amount, an order number, or words: {IN_NEWEST} order number among all",
}  # fmt: skip


@pytest.mark.parametrize("spelling", READ_AS)
def test_it_is_said_how_a_text_was_read(wanted: CheckoutSession, spelling: str) -> None:
    assert read_as(SPELLINGS[spelling](wanted)) == READ_AS[spelling]


@pytest.mark.parametrize("layout", ["%Y-%m-%d", "%-d %b %Y", "%-d %b", "%b %-d, %Y", "%d.%m.%Y"])
def test_a_day_finds_what_was_made_on_it(wanted: CheckoutSession, layout: str) -> None:
    scope, day = SessionScope.of(wanted), wanted.created_at
    assert wanted in sought(scope, scope.sessions(), f"{day:{layout}}")
    assert wanted not in sought(scope, scope.sessions(), f"{day - timedelta(days=1):{layout}}")


def test_the_sessions_of_a_link_are_found_by_it(wanted: CheckoutSession) -> None:
    terms = {"amount": Decimal(5), "currency": "USD", "product_name": "Sticker"}
    link = create_link(merchant=wanted.merchant, mode="test", terms=terms)
    by_link = open_link(link, email="pat@example.com", name="Pat")
    scope = SessionScope.of(wanted)
    text = f"https://pay.example/l/{link.public_id}"
    assert list(sought(scope, scope.sessions(), text)) == [by_link]
    listed = list_sessions(scope, Wanted(text=text), beyond=None, back=False, size=50)
    assert [each.public_id for each in listed.sessions] == [by_link.public_id]


def test_parts_are_looked_for_among_the_newest_and_whole_numbers_among_all(
    wanted: CheckoutSession, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NEWEST", 2)
    scope = SessionScope.of(wanted)
    new_session(reference="a")
    assert list(sought(scope, scope.sessions(), "77153")) == [wanted]
    new_session(reference="b")
    assert list(sought(scope, scope.sessions(), "77153")) == []
    assert list(sought(scope, scope.sessions(), "Order-77153-B")) == [wanted]
    assert list(sought(scope, scope.sessions(), wanted.deposit.address)) == [wanted]


@pytest.mark.parametrize("text", ["%", "_", "\\", "0x", "0x…", "…", "@", "1,2,3.4.5", "9" * 200, "cs_", "'"])
def test_odd_text_finds_nothing_and_is_no_fault(wanted: CheckoutSession, text: str) -> None:
    scope = SessionScope.of(wanted)
    assert list(sought(scope, scope.sessions(), text)) == []


@pytest.mark.parametrize("text", ["\0", " "])
def test_where_nothing_is_looked_for_all_are_shown(wanted: CheckoutSession, text: str) -> None:
    scope = SessionScope.of(wanted)
    assert sought(scope, scope.sessions(), text).count() == own(CheckoutSession).count() == 2


def test_dashboard_and_admin_search_by_it(desk: Desk, wanted: CheckoutSession, operator: Operator) -> None:
    page = desk.client.get(f"/dashboard/{desk.at}/sessions", {"q": "gift wrap"}).content.decode()
    assert f"/sessions/{wanted.public_id}" in page
    for text, is_there in (("note: Gift wrap, please", True), ("pat.doe@example.com", True), ("gift wrap", False)):
        assert (wanted.public_id in operator.read(f"sessions_app/checkoutsession/?q={text}")) == is_there


@pytest.mark.parametrize("model", [Payment, Quote, DepositAddress, Refund], ids=str)
def test_the_admin_finds_by_it_what_belongs_to_a_session(wanted: CheckoutSession, model: type[Model]) -> None:
    its_admin, every = admin.site.get_model_admin(model), model._default_manager.filter(session__isnull=False)
    for text in (
        "order-77153",
        "pat.doe@example.com",
        OTTOS_WALLET,
        SENT_TO,
        "USD 1,234.50",
        f"https://basescan.org/tx/{tx(wanted)}",
    ):
        rows, _ = its_admin.get_search_results(HttpRequest(), every, text)
        assert {row.session for row in rows} == {wanted}, text
    for text in ("nobody at all", "pat.doe", "gift wrap"):
        rows, _ = its_admin.get_search_results(HttpRequest(), every, text)
        assert not rows, text


@pytest.mark.parametrize(("term", "is_found"), [("PAT.DOE@example.com", True), ("pat.doe", False), ("t+doe", False)])
def test_the_admin_finds_a_customer_by_the_whole_address_alone(
    wanted: CheckoutSession, operator: Operator, term: str, is_found: bool
) -> None:
    assert (wanted.customer.public_id in operator.read(f"sessions_app/customer/?q={term}")) == is_found


def test_the_admin_names_the_currency_of_what_a_payment_is_worth(wanted: CheckoutSession, operator: Operator) -> None:
    worth = f"{wanted.payments.get().value:.2f} USD"
    for page in ("payment/", f"checkoutsession/{wanted.pk}/change/"):
        assert worth in operator.read(f"sessions_app/{page}")
