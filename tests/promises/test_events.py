"""The words that travel to shops: they are never renamed, and every status and issue has its own."""

import pytest

from sessions_app.status import DecisionKind, Ended, Issue, PaymentStatus, RefundStatus, Status
from webhooks_app.event_types import EventType

WORDS = [
    (
        EventType,
        "checkout.created checkout.partially_paid checkout.processing checkout.completed checkout.expired "
        "checkout.cancelled checkout.extended checkout.issue_opened checkout.issue_resolved payment.reversed "
        "endpoint.test refund.created refund.prepared refund.seen refund.confirmed refund.withdrawn",
    ),
    (Status, "open processing completed expired cancelled"),
    (PaymentStatus, "unpaid partial paid overpaid partially_refunded refunded"),
    (RefundStatus, "waiting_for_address prepared seen confirmed withdrawn"),
    (Issue, "underpaid overpaid late paid_twice wrong_asset reversed"),
    (DecisionKind, "accept ask_rest refunded write_off"),
    (Ended, "expired cancelled"),
]


@pytest.mark.parametrize(("words", "promised"), WORDS, ids=[words.__name__ for words, _ in WORDS])
def test_a_shop_can_rely_on_the_words(words: type[EventType], promised: str) -> None:
    assert sorted(word.value for word in words) == sorted(promised.split())
