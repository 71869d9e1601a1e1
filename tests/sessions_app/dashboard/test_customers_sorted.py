"""The list of customers by name, by their last order, by what came from them: page by page, on and back."""

from html import unescape
from re import findall, search

import pytest
from django.db import connection
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.dashboard import customers as door
from sessions_app.models import CALLED, BookLine, CheckoutSession, Customer
from sessions_app.reading import people, searching
from sessions_app.reading.list_sql import Order
from sessions_app.reading.people import list_customers
from sessions_app.scope import SessionScope
from sessions_app.selling.creation import create_session
from tests.cast import agreed
from tests.desk import Desk
from tests.markup import text_of

pytestmark = pytest.mark.django_db

# Who they are by their addresses; cleo has no name and is called by hers.
NAMES = {"a@example.com": "anna", "b@example.com": "Bert", "cleo@example.com": "", "d@example.com": "Dora"}
ORDERED = ["b", "a", "cleo", "d", "a"]


def orders(of: Merchant, name: str) -> CheckoutSession:
    """Another order of theirs."""
    email = f"{name}@example.com"
    return create_session(merchant=of, mode="test", terms=agreed(email=email, name=NAMES[email]))


def came(session: CheckoutSession, worth: int, kind: str = "received", currency: str = "USD") -> None:
    """In the currency of totals."""
    BookLine.objects.create(
        merchant=session.merchant, mode="test", kind=kind, booked_on=timezone.now().date(), at=timezone.now(),
        network="sandbox", asset="USDC", decimals=6, amount_units=worth * 10**6, currency="USD", value=worth,
        reporting_currency=currency, reporting_value=worth, session=session, tx_hash=f"{kind}{worth}",
    )  # fmt: skip


@pytest.fixture
def shop(mia: Merchant, otto: Merchant) -> Merchant:
    """Bert paid 70, of which 50 were taken back; anna 40 in two orders, cleo 30; Dora in another currency."""
    b, a, c, d, again = (orders(mia, name) for name in ORDERED)
    for session, worth in ((b, 70), (a, 25), (c, 30), (again, 15)):
        came(session, worth)
    came(b, 50, "taken_back")
    came(d, 999, currency="CHF")
    came(orders(otto, "d"), 5_000)
    return mia


BY = {
    Order.NAME: ["a", "b", "cleo", "d"],
    Order.NAME_BACK: ["d", "cleo", "b", "a"],
    Order.ORDERED_LATELY: ["a", "d", "cleo", "b"],
    Order.ORDERED_LONG_AGO: ["b", "cleo", "d", "a"],
    Order.NEWEST: ["d", "cleo", "a", "b"],
    Order.OLDEST: ["b", "a", "cleo", "d"],
    Order.LARGEST: ["a", "cleo", "b"],
    Order.SMALLEST: ["b", "cleo", "a"],
}


def called(customers: object) -> list[str]:
    """By the part of their addresses that tells them apart."""
    return [each.email.partition("@")[0] for each in customers]  # type: ignore[attr-defined]


@pytest.mark.parametrize("order", Order)
def test_pages_follow_each_other_on_and_back(shop: Merchant, order: Order) -> None:
    scope = SessionScope(shop, "test")
    names, beyond, more = [], None, True
    while more:
        one = list_customers(scope, "", order, beyond=beyond, back=False, size=1)
        names += called(one.customers)
        beyond, more = one.customers[0].pk, one.more
    assert names == BY[order]
    last = list_customers(scope, "", order, beyond=beyond, back=True, size=2)
    assert called(last.customers) == BY[order][-3:-1]
    assert last.more is (len(names) > 3)
    first = list_customers(scope, "", order, beyond=last.customers[0].pk, back=True, size=2)
    assert called(first.customers) == BY[order][:-3]
    assert not first.more


@pytest.mark.parametrize("order", Order)
def test_it_is_sorted_among_those_who_are_looked_for(shop: Merchant, order: Order) -> None:
    found = list_customers(SessionScope(shop, "test"), "b", order, beyond=None, back=False, size=9)
    assert called(found.customers) == ["b"]


def test_two_of_one_name_are_each_listed_once(mia: Merchant) -> None:
    for number in range(3):
        terms = agreed(email=f"{number}@example.com", name="Pat")
        create_session(merchant=mia, mode="test", terms=terms)
    scope, beyond, seen = SessionScope(mia, "test"), None, []
    for _ in range(3):
        (one,) = list_customers(scope, "", Order.NAME, beyond=beyond, back=False, size=1).customers
        seen.append(one.email)
        beyond = one.pk
    assert seen == ["0@example.com", "1@example.com", "2@example.com"]


def test_the_heads_sort_the_list_and_turn_it_round(shop: Merchant, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def links(page: str) -> dict[str, str]:
        return {head: unescape(query) for query, head in findall(r'<a href="(\?[^"]*)">([\w ]+?)(?: [↑↓])?</a>', page)}

    heads = links(desk.read("customers"))
    assert heads == {
        "Customer": "?sort=name", "Last order": "?sort=ordered_lately", "Known since": "?sort=oldest",
        "Received": "?sort=largest",
    }  # fmt: skip
    page = desk.read("customers?q=a&sort=name")
    assert 'aria-sort="ascending"' in page
    assert links(page)["Customer"] == "?q=a&sort=name_back"
    assert desk.read("customers?sort=amount") == desk.read("customers?sort=newest")  # what is no order sorts nothing
    page = desk.read("customers?sort=largest")
    assert "By what was received in USD. Those" in page
    assert page.index("anna") < page.index("cleo@") < page.index("Bert")
    assert "Dora" not in page
    monkeypatch.setattr(door, "SIZE", 2)
    page = desk.read("customers?sort=largest")
    older = search(r'href="[^"?]*\?([^"]*before=[^"]*)"', page)
    assert older
    page = desk.read(f"customers?{unescape(older[1])}")
    assert "Bert" in page
    assert "anna" not in page


def test_it_says_of_how_many_lines_that_is(shop: Merchant, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "LOOKED_THROUGH", 5)
    assert "Only the newest 5 lines of your books were added up." in " ".join(
        desk.read("customers?sort=largest").split()
    )


def test_by_last_order_it_says_among_how_many_sessions(
    shop: Merchant, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "newest" not in text_of(desk.read("customers?sort=ordered_lately"))
    monkeypatch.setattr(people, "NEWEST", 3)
    monkeypatch.setattr(searching, "NEWEST", 3)
    page = text_of(desk.read("customers?sort=ordered_long_ago"))
    assert "among your newest 3 sessions. Those whose last one is older are not listed." in page
    assert page.index("cleo@") < page.index("Dora") < page.index("anna")
    assert "Bert" not in page


@pytest.mark.parametrize(
    ("sort", "address", "said"),
    [
        ("largest", "d@example.com", "By what was received stand only those from whom something was."),
        ("ordered_lately", "b@example.com", "By their last order stand only those with one among your newest 2"),
    ],
)
def test_whom_an_order_does_not_list_is_not_said_to_be_unknown(
    shop: Merchant, desk: Desk, monkeypatch: pytest.MonkeyPatch, sort: str, address: str, said: str
) -> None:
    monkeypatch.setattr(people, "NEWEST", 2)
    monkeypatch.setattr(searching, "NEWEST", 2)
    page = desk.read(f"customers?q={address}&sort={sort}")
    assert said in text_of(page)
    assert "Nobody is like that" not in page
    [elsewhere] = findall(r'<a class="button quiet" href="([^"]+)">Look among all customers', page)
    assert f"<small>{address}</small>" in desk.read(f"customers{unescape(elsewhere)}")


def test_words_longer_than_anything_is_called_find_nobody(shop: Merchant, desk: Desk) -> None:
    assert "Nobody is like that" in desk.read(f"customers?q={'b' * 201}")
    assert "Bert" not in desk.read(f"sessions?q={'b' * 201}")


def test_names_are_read_from_an_index(shop: Merchant) -> None:
    rows = Customer.objects.filter(merchant=shop, mode="test").annotate(called=CALLED).order_by("called", "id")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    assert "customers_by_name" in rows[:51].explain()
