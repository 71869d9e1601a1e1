"""Customers and payment links: what is shown, what is refused and where, what others keep."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from re import search
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from merchants_app.models import AuditEntry, Merchant
from sessions_app.books import definitions
from sessions_app.models import CheckoutSession, PaymentLink, SessionNote
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.payment_links import create_link, open_link
from sessions_app.status import DecisionKind
from tests.cast import PATS_WALLET
from tests.desk import Desk
from tests.markup import read
from tests.sandbox import Sandbox
from tests.strangers.world import own
from webhooks_app.models import Event

LINK = {"product": "Tip jar", "currency": "EUR"}


@pytest.fixture
def link(mia: Merchant) -> PaymentLink:
    terms = {"product_name": "Course", "amount": Decimal(120), "currency": "USD", "stock": 3}
    return create_link(merchant=mia, mode="test", terms=terms)


@pytest.mark.parametrize("what", ["customer's name", "link's id", "link's product", "event's id"])
def test_a_search_for_sessions_finds_what_is_none_as_well_and_nothing_of_others(
    desk: Desk, ottos_desk: Desk, session: CheckoutSession, link: PaymentLink, what: str
) -> None:
    event = own(Event).filter(subject=session.public_id).first()
    assert event
    asked, page = {
        "customer's name": (session.customer.name, f"customers/{session.customer.public_id}"),
        "link's id": (link.public_id, f"links/{link.public_id}"),
        "link's product": ("ours", f"links/{link.public_id}"),
        "event's id": (event.public_id, f"events/{event.public_id}"),
    }[what]
    found = desk.read(f"sessions?q={quote(asked)}").partition("Also found")[2]
    assert f'/dashboard/{desk.at}/{page}"' in found
    assert page not in ottos_desk.read(f"sessions?q={quote(asked)}")


def test_a_customers_page_has_what_they_paid(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    listed = desk.read("customers")
    assert session.email in listed
    assert "49.00" in listed
    page = desk.read(f"customers/{session.customer.public_id}")
    assert "in 1 paid order<" in page
    assert f"sessions/{session.public_id}" in page


def test_what_customers_and_links_brought_is_what_the_books_have(
    desk: Desk, link: PaymentLink, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for email, scenario in {"pat@example.com": "over", "pam@example.com": "late_short"}.items():
        sandbox.play(open_link(link, email=email, name="Pat"), scenario, asset="USDC")
    over, late = CheckoutSession.objects.filter(payment_link=link).order_by("id")
    for session in (over, late):
        decide(session=session, kind=DecisionKind.REFUNDED, actor="mia@example.com", tx_hash=f"0x{session.pk:064x}")
    for page, booked in {
        "links": "288.00 USD <br><small>168.00 USD refunded</small>",  # 180 + 108, asked 120 each
        f"links/{link.public_id}": "288.00 USD <br><small>168.00 USD refunded</small>",
        "customers": "108.00 USD <br><small>108.00 USD refunded</small>",
        f"customers/{late.customer.public_id}": '<dt>Refunded</dt> <dd class="figure"> 108.00 USD',
    }.items():
        assert booked in read(desk.read(page))
    monkeypatch.setattr(definitions, "MOST_SUMMED", 0)
    for page in ("links", "customers", f"customers/{late.customer.public_id}"):
        assert "too many to sum up here" in desk.read(page)


@pytest.mark.parametrize(
    ("text", "found"), [("pat@example.com", True), ("PAT@", True), ("at Pay", True), ("nobody", False), ("\x00", True)]
)
def test_a_customer_is_found_by_address_or_name(desk: Desk, session: CheckoutSession, text: str, found: bool) -> None:
    assert (session.email, session.name) == ("pat@example.com", "Pat Payer")
    answer = desk.client.get(f"/dashboard/{desk.at}/customers", {"q": text.replace("\x00", "")})
    assert (session.customer.public_id in answer.content.decode()) is found


def test_nobody_sees_anothers_customers(desk: Desk, ottos_desk: Desk, session: CheckoutSession) -> None:
    assert session.customer.public_id not in ottos_desk.read("customers")
    assert session.customer.public_id not in desk.in_("live").read("customers")


def test_a_link_is_made_changed_and_switched_off_with_its_audit_lines(desk: Desk) -> None:
    answer = desk.post("links", stock="5", **LINK)
    made = own(PaymentLink).get()
    assert answer["Location"].endswith(f"/links/{made.public_id}")
    assert (made.product_name, made.currency, made.amount, made.stock) == ("Tip jar", "EUR", None, 5)

    desk.post(f"links/{made.public_id}", product="Tips", stock="")
    desk.post(f"links/{made.public_id}/switch")
    made.refresh_from_db()
    assert (made.product_name, made.stock, made.is_active) == ("Tips", None, False)
    lines = AuditEntry.objects.filter(subject=made.public_id).order_by("id")
    assert [line.action for line in lines] == ["link.created", "link.changed", "link.changed"]
    assert lines[1].detail["stock"] == "5 → None"
    desk.post(f"links/{made.public_id}/switch", on="1")
    made.refresh_from_db()
    assert made.is_active


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "ten"}, "id_amount_error"),
        ({"amount": "1.005"}, "decimal"),
        ({"product": ""}, "required"),
        ({"stock": "0"}, "greater than or equal to 1"),
        ({"currency": "XXX"}, "valid choice"),
        ({"ends_at": "2020-01-01T10:00"}, "in the future"),
    ],
)
def test_a_link_that_is_wrong_says_so_at_its_field(desk: Desk, typed: dict[str, str], said: str) -> None:
    answer = desk.post("links", **(LINK | typed))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not own(PaymentLink).exists()


def test_a_links_figures(desk: Desk, link: PaymentLink, sandbox: Sandbox) -> None:
    sandbox.play(open_link(link, email="pat@example.com", name="Pat"), "exact")
    open_link(link, email="pam@example.com", name="Pam")
    page = desk.read(f"links/{link.public_id}")
    assert "1, 50 % of them" in page
    assert "2 of 3 left" in page
    assert "2 of 3 left" in desk.read("links")


def test_the_first_link_stands_beside_the_list_with_its_last_30_days(
    desk: Desk, mia: Merchant, link: PaymentLink, sandbox: Sandbox
) -> None:
    sandbox.play(open_link(link, email="old@example.com", name="Old"), "exact")
    own(CheckoutSession).update(created_at=timezone.now() - timedelta(days=31))
    tips = create_link(merchant=mia, mode="test", terms={"product_name": "Tip jar", "currency": "USD"})
    for amount in ("5", "8.20"):
        sandbox.play(open_link(tips, email="pat@example.com", name="Pat", amount=Decimal(amount)), "exact")
    choose_option(
        session=open_link(tips, email="pam@example.com", name="Pam", amount=Decimal(9)), asset="USDC",
        network="sandbox", now=timezone.now(),
    )  # fmt: skip
    open_link(tips, email="ping@example.com", name="Ping", amount=Decimal(9))
    for page in ("links", f"links/{tips.public_id}"):
        card = desk.read(page).partition('<div class="on-wall">')[2].partition("</dl>")[0]
        figures = card.replace("<dd>", "").replace("</dd>", "").replace("  ", " ")
        assert "<dt>Began, 30 days</dt> 4 " in figures
        assert "<dt>Chose how to pay</dt> 3 " in figures
        assert "<dt>Paid</dt> 2, 50 % of those who began " in figures
        assert '<dt>Mean amount</dt> <bdi class="amount">6.60 USD</bdi> ' in figures
        assert f"/l/{tips.public_id}/poster" in card
    card = desk.read(f"links/{link.public_id}").partition('<div class="on-wall">')[2].partition("</dl>")[0]
    assert "<dt>Began, 30 days</dt> <dd> – </dd>" in card


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, "any amount in USD"),
        ({"min_amount": 1}, "any amount from 1.00 USD"),
        ({"max_amount": 50}, "any amount up to 50.00 USD"),
        ({"min_amount": 1, "max_amount": 50}, "any amount from 1.00 USD to 50.00 USD"),
        ({"amount": 120}, "120.00 USD each"),
    ],
)
def test_what_a_link_costs_is_said(desk: Desk, mia: Merchant, limits: dict[str, int], said: str) -> None:
    terms = {"product_name": "Course", "currency": "USD"} | {name: Decimal(each) for name, each in limits.items()}
    create_link(merchant=mia, mode="test", terms=terms)
    assert f"<small> {said} </small>" in read(desk.read("links"))


def test_a_links_code_is_a_picture(desk: Desk, link: PaymentLink) -> None:
    picture = desk.read(f"links/{link.public_id}").split('class="qr" src="')[1].split('"')[0]
    answer = desk.client.get(picture)
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content


def test_lists_ask_the_database_as_often_for_many(
    desk: Desk, mia: Merchant, link: PaymentLink, django_assert_max_num_queries: Callable[..., object]
) -> None:
    desk.read("links")
    PaymentLink.objects.bulk_create(
        PaymentLink(merchant=mia, mode="test", product_name=f"Link {n}", currency="USD", stock=n + 1) for n in range(40)
    )
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        desk.read("links")


def test_a_links_end_is_typed_and_shown_by_the_clock_of_the_business(desk: Desk, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="America/Los_Angeles")
    desk.post("links", ends_at="2099-01-05T17:00", **LINK)
    made = own(PaymentLink).get()
    assert made.ends_at == datetime(2099, 1, 6, 1, 0, tzinfo=UTC)
    page = desk.read(f"links/{made.public_id}")
    assert "By the clock of America/Los_Angeles." in page
    assert "Ends, in UTC" not in page
    assert "2099-01-05 17:00" in page


def test_a_viewer_makes_nothing(colleague: Callable[..., Desk]) -> None:
    viewer = colleague("viewer")
    assert viewer.get("new-session").status_code == 403
    assert viewer.post("links", **LINK).status_code == 403
    assert "New link" not in viewer.read("links")


def test_the_file_of_all_customers_begins_with_the_business(desk: Desk, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(created_at=datetime(2025, 3, 1, 3, tzinfo=UTC), time_zone="America/Lima")
    export = search(r'href="/dashboard/[^"]*/(books/exports[^"]*)"', desk.read("customers"))
    assert export
    form = desk.get(unescape(export[1])).context["form"]
    assert (form["what"].value(), form["first"].value()) == ("customers", "2025-02-28")


def test_a_customers_page_has_all_that_is_asked_on_the_phone(desk: Desk, new_session: Callable[..., Any]) -> None:
    oldest = new_session(reference="oldest", locale="de")
    CheckoutSession.objects.filter(pk=oldest.pk).update(refund_address=PATS_WALLET)
    SessionNote.objects.create(session=oldest, author="sam", text="Wants the blue one.", written_at=timezone.now())
    for number in range(10):
        new_session(reference=f"order {number}", locale="de")
    page = desk.read(f"customers/{oldest.customer.public_id}")
    for words in ("Wants the blue one.", "German", f'data-copy="{PATS_WALLET}"', f'data-copy="{oldest.email}"'):
        assert words in page
    assert f'name="email" value="{oldest.email}"' in page
    assert 'value="export"' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Course", "Mug", "Box"}), ("state=on", {"Course"}), ("state=off", {"Mug"}), ("state=ended", {"Box"}),
        ("state=none", {"Course", "Mug", "Box"}), ("q=our", {"Course"}), ("q=our&state=off", set()),
    ],
)  # fmt: skip
def test_links_are_narrowed_by_words_and_state(
    desk: Desk, mia: Merchant, link: PaymentLink, query: str, shown: set[str]
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    for more in ({"product_name": "Mug", "is_active": False}, {"product_name": "Box", "ends_at": yesterday}):
        create_link(merchant=mia, mode="test", terms={"amount": Decimal(5), "currency": "USD"} | more)
    listed = desk.get(f"links?{query}").context["rows"]
    assert {row.link.product_name for row in listed} == shown
    assert ("No link is like that" in desk.read(f"links?{query}")) == (not shown)
