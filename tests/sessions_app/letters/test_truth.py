"""Which letters a change asks for, which of those go, and which are still so when they leave."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.letters.about import About
from sessions_app.letters.truth import is_still_so
from sessions_app.models import CheckoutSession, Decision, Letter, Payment, Refund
from sessions_app.owed.letters import Owed, has_receipt_letter, letters_on_moving, owe
from sessions_app.selling.creation import create_session
from sessions_app.status import LetterKind, LetterOutcome, RefundStatus
from tests.cast import OTTOS_WALLET, agreed, merchant

New = Callable[..., CheckoutSession]
NOW = timezone.now()
ABOUT = {"refund_sent", "refund_done", "refund_undone", "refund_where"}


def stands(status: str, issue: str | None = None, needs: bool = False) -> CheckoutSession:
    return CheckoutSession(status=status, issue=issue, needs_decision=needs)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (stands("open"), stands("completed"), ["receipt"]),
        (stands("completed"), stands("completed", "late"), []),
        (stands("open"), stands("processing"), []),
        (stands("open"), stands("expired"), []),
        (stands("open"), stands("expired", "underpaid", True), ["expired"]),
        (stands("open"), stands("cancelled", "wrong_asset", True), ["expired"]),
        (stands("expired", "underpaid", True), stands("cancelled", "late", True), []),
        (stands("open"), stands("open", "wrong_asset", True), []),
        (stands("completed"), stands("completed", "reversed", True), ["taken_back"]),
        (stands("completed"), stands("completed", "overpaid", True), []),
        (stands("completed", "reversed", True), stands("completed", "reversed", False), []),
        (stands("completed", "wrong_asset", True), stands("completed", "reversed", True), ["taken_back"]),
        (stands("completed", "reversed", True), stands("completed"), []),
        (stands("completed"), stands("completed"), []),
    ],
)
def test_what_a_change_asks_for(before: CheckoutSession, after: CheckoutSession, kinds: list[str]) -> None:
    assert [each.kind for each in letters_on_moving(after, before, after)] == kinds


def letter(session: CheckoutSession, kind: str, outcome: str = "sent", *, about: str = "", round: int = 0) -> Letter:
    return Letter.objects.create(
        session=session, kind=kind, outcome=outcome, about=about, round=round, owed_at=NOW, due_at=NOW,
        settled_at=NOW if outcome else None,
    )  # fmt: skip


def is_so(session: CheckoutSession, kind: str, *, about: str = "", refund: str | None = None) -> bool:
    """Asked of a letter that waits; `refund`: as what stands the refund that it is about."""
    waiting = Letter(session=session, kind=kind, about=about, pk=1 << 40, round=1, owed_at=NOW, due_at=NOW)
    return is_still_so(About(letter=waiting, session=session, refund=refund and Refund(status=refund)))  # type: ignore[arg-type]


PAID = stands("completed")


def becomes(session: CheckoutSession, how: str) -> None:
    """Completed and paid; `back` and final again, `lost`, `written off`, or `left paid` by the merchant."""
    session.payments.all().delete()
    session.decisions.all().delete()
    session.completed_at = NOW
    is_there = how in {"paid", "back"}
    payment = Payment.objects.create(
        session=session, network="sandbox", asset="USDC", tx_hash="0x77", log_index=0, sender=OTTOS_WALLET, decimals=6,
        amount_units=49_000_000, arrived_at=NOW, seen_at=NOW, basis="arrival", rate=1, value=49, confirmations_needed=1,
        first_confirmed_at=NOW, confirmed_at=NOW if is_there else None, vanished_at=None if is_there else NOW,
        times_vanished=0 if how == "paid" else 1,
    )  # fmt: skip
    if kind := {"written off": "write_off", "left paid": "accept"}.get(how):
        seen = [f"{payment.public_id}:vanished:1"]
        Decision.objects.create(session=session, kind=kind, issue="reversed", seen=seen, actor="mia", decided_at=NOW)


@pytest.mark.parametrize(
    ("kind", "true", "false"),
    [
        ("asked_to_pay", [stands("open")], [stands("processing"), PAID, stands("expired")]),
        (
            "expired",
            [stands("expired", "underpaid", True), stands("cancelled", "late", True)],
            [stands("expired"), stands("open", "wrong_asset", True), stands("completed", "late", True)],
        ),
    ],
)
def test_a_letter_about_a_session_is_so_while_it_stands_like_that(
    kind: str, true: list[CheckoutSession], false: list[CheckoutSession]
) -> None:
    assert [[is_so(each, kind) for each in sessions] for sessions in (true, false)] == [
        [True] * len(true), [False] * len(false),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "is_true"), [("paid", True), ("back", True), ("lost", False), ("written off", False), ("left paid", False)]
)
def test_a_receipt_is_so_while_what_was_paid_is_there(session: CheckoutSession, how: str, is_true: bool) -> None:
    becomes(session, how)
    assert is_so(session, "receipt") == is_true


@pytest.mark.parametrize(
    ("kind", "true"),
    [("refund_where", "waiting_for_address"), ("refund_sent", "seen"), ("refund_done", "confirmed")],
)
def test_a_letter_about_a_refund_is_so_while_it_stands_like_that(kind: str, true: str) -> None:
    assert [status for status in RefundStatus.values if is_so(PAID, kind, refund=status)] == [true]
    assert not is_so(PAID, kind)


def test_what_takes_back_another_letter_is_so_only_if_that_was_sent(new_session: New) -> None:
    session, other = new_session(), new_session(reference="2")

    def told(of: CheckoutSession, kind: str, how: str, *former: tuple[Any, ...], **about: Any) -> bool:
        Letter.objects.filter(session__in=(session, other)).delete()
        for number, (whose, *rest) in enumerate(former):
            letter(whose, *rest, round=number)
        becomes(of, how)
        return is_so(of, kind, **about)

    receipt, restored, back = (session, "receipt"), (session, "restored"), (session, "taken_back")
    assert told(session, "taken_back", "lost", receipt)
    assert told(session, "taken_back", "written off", receipt)
    assert told(session, "taken_back", "lost", restored)
    assert told(session, "taken_back", "lost", receipt, back, restored)
    # What was overtaken was not told: neither letter goes twice running.
    assert not told(session, "taken_back", "lost", receipt, back, (*restored, "overtaken"))
    assert not told(session, "restored", "back", receipt, back, restored, (*back, "overtaken"))
    assert told(session, "restored", "back", receipt, back, (*restored, "overtaken"), (*back, "overtaken"))
    assert not told(session, "restored", "back", (*receipt, "overtaken"), restored)
    assert not told(session, "taken_back", "left paid", receipt)
    assert not told(session, "taken_back", "paid", receipt)
    assert not told(session, "taken_back", "lost")
    assert not told(session, "taken_back", "lost", (other, "receipt"), (*receipt, "refused"), (session, "expired"))
    assert told(session, "restored", "back", back)
    assert told(session, "restored", "back", (*receipt, "overtaken"))
    assert not told(session, "restored", "back", receipt, (*back, "overtaken"))
    assert not told(session, "restored", "lost", back)
    assert not told(session, "restored", "written off", back)
    assert not told(session, "restored", "left paid", back)
    Letter.objects.filter(session=session).delete()
    for about, status, is_true in (
        ("re_1", "prepared", True),
        ("re_1", "confirmed", False),
        ("re_2", "prepared", False),
    ):
        letter(session, "refund_done", about="re_1")
        assert is_so(session, "refund_undone", about=about, refund=status) == is_true
        Letter.objects.filter(session=session).delete()
    letter(session, "refund_done", about="re_1")
    assert not is_so(session, "refund_undone", about="re_1")


def test_only_what_was_told_before_counts_and_only_the_newest_address(new_session: New) -> None:
    session = new_session()
    waiting, later = letter(session, "taken_back", ""), letter(session, "receipt")
    becomes(session, "lost")
    assert not is_still_so(About(letter=waiting, session=session))
    assert is_so(session, "taken_back")
    first, second = (letter(session, "refund_address", "", round=number) for number in (1, 2))
    assert [is_still_so(About(letter=each, session=session)) for each in (first, second)] == [False, True]
    letter(session, "receipt", "", round=3)
    letter(new_session(reference="2"), "refund_address", "", round=3)
    assert is_still_so(About(letter=second, session=session))
    assert later.pk > waiting.pk


def test_a_letter_that_takes_back_another_goes_where_that_was_owed_and_is_counted(mia: Merchant) -> None:
    session = create_session(merchant=mia, mode="live", terms=agreed())
    mia.buyer_letters_off = []
    kinds = [LetterKind.RECEIPT, LetterKind.RESTORED, LetterKind.TAKEN_BACK, LetterKind.TAKEN_BACK, LetterKind.RESTORED,
             LetterKind.RESTORED, LetterKind.TAKEN_BACK, LetterKind.RESTORED]  # fmt: skip
    assert [owe([Owed(session=session, kind=kind)], now=NOW) for kind in kinds] == [1, 0, 1, 0, 1, 0, 1, 1]
    assert list(Letter.objects.filter(session=session).order_by("id").values_list("kind", "round")) == [
        ("receipt", 0), ("taken_back", 0), ("restored", 0), ("taken_back", 1), ("restored", 1),
    ]  # fmt: skip
    refunds = [LetterKind.REFUND_UNDONE, LetterKind.REFUND_SENT, LetterKind.REFUND_DONE, LetterKind.REFUND_UNDONE,
               LetterKind.REFUND_SENT, LetterKind.REFUND_DONE]  # fmt: skip
    assert [owe([Owed(session=session, kind=kind, about="re_1")], now=NOW) for kind in refunds] == [0, 1, 1, 1, 1, 1]
    assert owe([Owed(session=session, kind=LetterKind.REFUND_UNDONE, about="re_2")], now=NOW) == 0
    rounds = Letter.objects.filter(session=session, about="re_1").order_by("id").values_list("kind", "round")
    assert list(rounds) == [
        ("refund_sent", 0), ("refund_done", 0), ("refund_undone", 0), ("refund_sent", 1), ("refund_done", 1),
    ]  # fmt: skip


def test_whether_a_letter_goes_is_said_by_the_business_unless_somebody_says_it_of_this_one(mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(buyer_letters_off=["receipt"])
    other = merchant("Otto Bikes", OTTOS_WALLET)
    for business, is_asked, goes in (
        (mia, None, 0), (mia, True, 1), (mia, False, 0), (other, None, 1), (other, True, 1), (other, False, 0),
    ):  # fmt: skip
        session = create_session(merchant=business, mode="live", terms=agreed())
        assert owe([Owed(session=session, kind=LetterKind.RECEIPT, is_asked=is_asked)], now=NOW) == goes
        assert has_receipt_letter(session) == bool(goes)
    for outcome, is_going in ((LetterOutcome.SENT, True), (LetterOutcome.REFUSED, False)):
        Letter.objects.filter(session=session).delete()
        letter(session, "receipt", outcome)
        letter(session, "expired", LetterOutcome.SENT)
        assert has_receipt_letter(session) == is_going
    stranger = create_session(merchant=mia, mode="test", terms=agreed(email="otto@example.com"))
    assert owe([Owed(session=stranger, kind=LetterKind.RECEIPT, is_asked=True)], now=NOW) == 0
    insider = create_session(merchant=mia, mode="test", terms=agreed(email="Mia@Example.com"))
    assert owe([Owed(session=insider, kind=LetterKind.RECEIPT, is_asked=True)], now=NOW) == 1
