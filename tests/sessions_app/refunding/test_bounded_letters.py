"""Nobody has us write to strangers without bound, and none who tries uses up what others are written to by."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone

from merchants_app.audit import record
from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters.at_once import ask_by_mail, name_address
from sessions_app.models import AddressChange, CheckoutSession, PaymentLink
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.mails import NotMailed
from sessions_app.selling.payment_links import open_link
from sessions_app.status import RefundKind
from tests.cast import OTTOS_WALLET, PATS_WALLET, refreshed
from tests.sandbox import Sandbox

NewSession = Callable[..., CheckoutSession]
OTHER_MODE = {"test": "live", "live": "test"}


@pytest.fixture
def link(mia: Merchant) -> PaymentLink:
    return PaymentLink.objects.create(
        merchant=mia, mode="test", amount=Decimal(49), currency="USD", product_name="Winter box"
    )


def ask(session: CheckoutSession) -> None:
    ask_by_mail(refreshed(session), actor="mia@example.com", now=timezone.now())


def ask_for_code(session: CheckoutSession) -> None:
    name_address(refreshed(session), OTTOS_WALLET, now=timezone.now())


def overpaid(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """Its buyer left a first address: another one needs a code."""
    name_address(played := sandbox.play(session, "over"), PATS_WALLET, now=timezone.now())
    return played


def by_link(sandbox: Sandbox, link: PaymentLink, name: str = "pat") -> CheckoutSession:
    return overpaid(sandbox, open_link(link, name=name, email=f"{name}@example.com"))


def were_mailed(other: CheckoutSession, codes: int) -> None:
    """So many codes left today about that session."""
    AddressChange.objects.bulk_create(
        AddressChange(session=other, address=OTTOS_WALLET, asked_at=timezone.now()) for _ in range(codes)
    )


def were_asked(business: Merchant, mode: str, *subjects: str) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(merchant=business, mode=mode, action="refund.address_asked", subject=each) for each in subjects
    )


def put_in(mode: str, *sessions: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk__in=[each.pk for each in sessions]).update(mode=mode)


def test_a_mailbox_gets_few_codes_a_day_however_many_its_payments(sandbox: Sandbox, new_session: NewSession) -> None:
    """Whoever opens a payment link types the mailbox, and in test mode pays with play money."""
    session = overpaid(sandbox, new_session())
    were_mailed(new_session(), 5)
    ask_for_code(session)
    with pytest.raises(NotMailed, match="The code could not be mailed"):
        ask_for_code(session)
    assert len(mail.outbox) == 1
    ask(session)
    sandbox.skip(hours=24)
    ask_for_code(session)


def test_a_mailbox_is_asked_few_times_a_day_however_many_its_payments(
    sandbox: Sandbox, new_session: NewSession
) -> None:
    session = overpaid(sandbox, new_session())
    were_asked(session.merchant, "test", *(new_session().public_id for _ in range(5)))
    ask(session)
    sandbox.skip(minutes=61)
    with pytest.raises(NotMailed, match="written to very often today"):
        ask(session)
    assert len(mail.outbox) == 1
    ask_for_code(session)
    sandbox.skip(hours=24)
    ask(session)


@pytest.mark.parametrize(("mode", "most"), [("test", 20), ("live", 200)])
def test_a_business_asks_its_buyers_so_often_a_day(
    sandbox: Sandbox, session: CheckoutSession, otto: Merchant, mode: str, most: int
) -> None:
    played = sandbox.play(session, "over")
    CheckoutSession.objects.filter(pk=played.pk).update(mode=mode)
    were_asked(session.merchant, mode, *(f"cs_{number}" for number in range(most - 1)))
    # What another business asked, or this one in the other mode, or did otherwise, is none of that.
    were_asked(otto, mode, "cs_1")
    were_asked(session.merchant, OTHER_MODE[mode], "cs_1")
    record(merchant=session.merchant, mode=mode, actor="mia", action="note.added", subject="cs_1")
    ask(played)
    sandbox.skip(minutes=61)
    with pytest.raises(NotMailed, match="written to very often today"):
        ask(played)


@pytest.mark.parametrize(("mode", "most"), [("test", 20), ("live", 200)])
def test_buyers_of_links_get_so_many_codes_a_day_and_stop_nobody_else(
    sandbox: Sandbox, new_session: NewSession, link: PaymentLink, otto: Merchant, mode: str, most: int
) -> None:
    own, theirs, third = overpaid(sandbox, new_session()), by_link(sandbox, link), by_link(sandbox, link, "vera")
    stranger = open_link(link, name="Mallory", email="mallory@example.com")
    ottos = PaymentLink.objects.create(
        merchant=otto, mode="test", amount=Decimal(9), currency="USD", product_name="Bell"
    )
    elsewhere = open_link(ottos, name="Eve", email="eve@example.com")
    other_mode = open_link(link, name="Eve", email="eve@example.com")
    put_in(mode, own, theirs, third, stranger, elsewhere)
    put_in(OTHER_MODE[mode], other_mode)
    were_mailed(stranger, most - 1)
    were_mailed(elsewhere, 1)  # by another business
    were_mailed(other_mode, 1)
    ask_for_code(theirs)
    with pytest.raises(NotMailed, match="The code could not be mailed"):
        ask_for_code(third)
    ask_for_code(own)
    ask(own)


def test_a_links_visitor_who_types_a_buyers_mailbox_does_not_stop_that_buyer(
    sandbox: Sandbox, new_session: NewSession, link: PaymentLink
) -> None:
    own, typed = overpaid(sandbox, new_session(email="pat@example.com")), by_link(sandbox, link, "pat")
    were_mailed(open_link(link, name="Pat", email="pat@example.com"), 6)
    with pytest.raises(NotMailed, match="The code could not be mailed"):
        ask_for_code(typed)
    ask_for_code(own)


@pytest.mark.parametrize(("mode", "is_bounded"), [("test", True), ("live", False)])
def test_what_a_shop_sells_itself_is_bounded_for_all_buyers_where_no_money_stands_behind_it(
    sandbox: Sandbox, new_session: NewSession, mode: str, is_bounded: bool
) -> None:
    own, other = overpaid(sandbox, new_session()), new_session(email="another@example.com")
    put_in(mode, own, other)
    were_mailed(other, 200)
    if is_bounded:
        with pytest.raises(NotMailed, match="The code could not be mailed"):
            ask_for_code(own)
    else:
        ask_for_code(own)


def test_refunds_that_tell_the_buyer_use_up_nothing(
    sandbox: Sandbox, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sessions_app.refunding.mails.OF_ONE_BUSINESS_IN_TEST", 1)
    prepared = sandbox.play(new_session(email="mia@example.com"), "exact")
    ask_for_refund(session=refreshed(prepared), amount=RefundKind.FULL, notify_buyer=True, actor="the shop")
    with pytest.raises(NotMailed, match="within the last hour"):
        ask(prepared)
    ask(sandbox.play(new_session(), "exact"))
