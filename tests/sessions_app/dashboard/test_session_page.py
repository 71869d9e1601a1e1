"""One session's page: the story first, the money, each movement to be compared, what happened with the team's notes."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from merchants_app.models import AuditEntry
from sessions_app.buyers.export import export_buyer
from sessions_app.buyers.forgetting import placeholder
from sessions_app.models import BookLine, CheckoutSession, Customer, Refund, SessionNote, receipt_token
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.session_story import ledger_of, story_of
from tests.cast import PATS_WALLET, refreshed
from tests.desk import Desk
from tests.sandbox import Sandbox

TX = "0x" + "ab" * 32
NewSession = Callable[..., CheckoutSession]


def page_of(session: CheckoutSession) -> str:
    return f"sessions/{session.public_id}"


STORIES = [
    ("short", 5, "4.90 of 49.00 USD is still missing", "", "warn", False),
    ("exact", 1, "49.00 USD arrived and is being confirmed", "", "now", False),
    ("exact", 5, "49.00 USD arrived and is final", "", "good", False),
    ("over", 5, "24.50 USD too much arrived", "is only what came above its price", "warn", True),
    ("late_short", 5, "44.10 of 49.00 USD arrived, some of it too late",
     "4.90 USD is missing. Your tolerance would have allowed 0.49 USD.", "warn", True),
    ("reorged", 12, "A payment is gone from the chain; 0.00 of 49.00 USD is left", "the buyer has it again",
     "bad", True),
]  # fmt: skip


@pytest.mark.parametrize("told", STORIES, ids=str)
def test_it_begins_with_how_it_stands(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox, told: tuple[str, int, str, str, str, bool]
) -> None:
    scenario, seconds, headline, because, tone, todo = told
    played = sandbox.play(session, scenario, seconds=seconds)
    story = story_of(played, ledger_of(played))
    assert (story.headline, story.tone, story.todo) == (headline, tone, todo)
    text = desk.read(page_of(session))
    assert text.index(headline) < text.index("What came")
    assert because in text
    assert (because in desk.read("decisions")) == todo or not because
    assert ("Do not send the goods" in text) == (scenario == "reorged")


def test_before_money_it_says_what_is_waited_for(desk: Desk, session: CheckoutSession) -> None:
    assert story_of(session, ledger_of(session)).headline == "The buyer has not picked how to pay yet"
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    assert story_of(refreshed(session), ledger_of(session)).headline == "Waiting for 49 USDC on Sandbox"
    desk.post(f"{page_of(session)}/cancel")
    assert "Cancelled; nothing came" in desk.read(page_of(session))


def test_hashes_are_whole_with_copy_and_others_of_the_sender(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox
) -> None:
    payment = sandbox.play(session, "exact").payments.get()
    text = desk.read(page_of(session))
    for value in (payment.tx_hash, payment.sender, refreshed(session).deposit.address):
        assert f'data-copy="{value}"' in text
    assert f"?q={payment.sender}" in text
    assert f"<mark>{payment.tx_hash[-4:]}</mark>" in text


def test_what_was_collected_and_sent_back_leads_to_the_explorer_and_the_books(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox
) -> None:
    paid, now = sandbox.play(session, "exact"), timezone.now()
    page = page_of(session)
    assert f"/receipt/{receipt_token(session.page_token)}" in desk.read(page)
    assert f"/requests?q={session.public_id}" in desk.read(page)
    paid.payments.update(network="base", collected_at=now, collected_tx=TX)
    Refund.objects.create(session=session, network="base", asset="USDC", decimals=6, amount_units=1, value=1, rate=1,
                          kind="full", rate_basis="paid", status="confirmed", tx_hash=TX, log_index=0, prepared_at=now,
                          to_address=PATS_WALLET, actor="mia@example.com", created_at=now)  # fmt: skip
    BookLine.objects.create(merchant=session.merchant, mode="test", kind="network_fee", booked_on=now.date(), at=now,
                            network="base", asset="ETH", decimals=18, amount_units=4 * 10**12, tx_hash=TX,
                            reporting_currency="USD", reporting_value=Decimal("0.01"))  # fmt: skip
    text = desk.read(page)
    assert f"https://basescan.org/tx/{TX}" in text
    assert f"https://basescan.org/address/{refreshed(session).deposit.address}" in text
    assert "0.000004 ETH" in text
    assert "One collection, line by line" in desk.read(f"books/lines?tx={TX}")
    assert f"/books/lines?tx={TX}" in text


def test_refunds_stand_beside_what_was_received(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    over = sandbox.play(session, "over")
    text = desk.read(page_of(over))
    assert "Stays yours" in text
    assert '<bdi class="amount">73.50 USD</bdi>' in text


def test_what_is_named_is_a_link_both_ways(desk: Desk, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.play(session, "exact")
    text = desk.read(page_of(session))
    assert f"?customer={session.customer.public_id}" in text
    assert f"/customers/{session.customer.public_id}" in text
    assert "mailto:pat@example.com" in text
    assert f"/dashboard/{desk.at}/sessions/{session.public_id}" in desk.read("events")
    event = desk.get("events").context["shown"].rows[0]
    assert f"/dashboard/{desk.at}/sessions/{session.public_id}" in desk.read(f"events/{event.public_id}")


def test_notes_stand_among_what_happened(desk: Desk, sandbox: Sandbox, session: CheckoutSession) -> None:
    desk.post(f"{page_of(session)}/notes", text="Called: wants the <b>blue</b> one.")
    sandbox.play(session, "exact", seconds=5)
    text = desk.read(page_of(session))
    assert "wants the &lt;b&gt;blue&lt;/b&gt; one." in text
    happened = desk.get(page_of(session)).context["happenings"]
    words = [each.words for each in happened]
    assert 0 < words.index("Called: wants the <b>blue</b> one.") < len(words) - 1  # between creation and payment
    line = AuditEntry.objects.get(action="note.added", subject=session.public_id)
    assert (line.actor, line.detail) == (desk.user.email, {})


def test_what_the_buyer_picked_and_was_written_and_what_was_collected_is_told_among_it(
    desk: Desk, new_session: NewSession, sandbox: Sandbox
) -> None:
    session = new_session(email="mia@example.com")
    for asset in ("ETH", "USDC"):
        choose_option(session=refreshed(session), asset=asset, network="sandbox", now=timezone.now())
    paid = sandbox.play(session, "exact")
    paid.payments.update(collected_at=timezone.now(), collected_tx=TX)
    paid.letters.update(tries=3)

    def told() -> dict[str, tuple[str, str]]:
        happened = desk.get(page_of(session)).context["happenings"]
        return {each.words: (each.state, each.tone) for each in happened}

    receipt = "Letter to the buyer: “Paid: the receipt”"
    assert told()[receipt] == ("Waits to be sent, tried 3 times", "")
    assert told().keys() >= {"ETH on Sandbox was picked to pay with.", "49 USDC on Sandbox was collected."}
    assert "USDC on Sandbox was picked to pay with." not in told()
    paid.letters.update(outcome="refused", settled_at=timezone.now(), tries=1)
    assert told()[receipt] == ("Refused by the mail server", "warn")
    assert "Send the buyer the receipt again" in desk.read(page_of(session))


def test_the_buyers_link_stands_there_to_be_copied_by_who_may_act(
    desk: Desk, colleague: Callable[..., Desk], session: CheckoutSession
) -> None:
    link = f"/pay/{session.page_token}</code>"
    assert desk.read(page_of(session)).count(link) == 2  # on top, while the buyer has not opened it
    CheckoutSession.objects.filter(pk=session.pk).update(opened_at=timezone.now())
    assert desk.read(page_of(session)).count(link) == 1
    assert session.page_token not in colleague("viewer").read(page_of(session))
    CheckoutSession.objects.filter(pk=session.pk).update(opened_at=None)
    assert "not yet" in desk.read(page_of(session))
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    text = desk.read(page_of(session))
    assert (text.count(link), "has not opened it yet" in text, "not yet" in text) == (1, False, False)


def test_nobody_is_offered_to_write_to_a_buyer_who_was_erased(
    desk: Desk, session: CheckoutSession, sandbox: Sandbox
) -> None:
    offers = ("Send the buyer the link again", "Send the buyer the receipt again", "Write to the buyer", "mailto:")

    def offered() -> list[bool]:
        text = desk.read(page_of(session))
        return [words in text for words in offers]

    assert offered() == [True, False, True, True]
    CheckoutSession.objects.filter(pk=session.pk).update(email=placeholder(session.customer))
    assert offered() == [False] * 4
    sandbox.play(session, "exact")
    assert offered() == [False] * 4
    CheckoutSession.objects.filter(pk=session.pk).update(email=session.email)
    assert offered() == [False, True, True, True]


@pytest.mark.parametrize(
    ("text", "said"), [("", "Write something"), (" ", "Write something"), ("x" * 2001, "at most 2000")]
)
def test_an_empty_or_endless_note_is_refused(desk: Desk, session: CheckoutSession, text: str, said: str) -> None:
    desk.post(f"{page_of(session)}/notes", text=text)
    assert said in desk.read(page_of(session))
    assert not session.notes.exists()


def test_a_note_is_removed_for_good(desk: Desk, session: CheckoutSession, new_session: NewSession) -> None:
    desk.post(f"{page_of(session)}/notes", text="Wrong order.")
    note, other = session.notes.get(), new_session()
    assert desk.post(f"{page_of(other)}/notes/{note.pk}/remove").status_code == 404
    desk.post(f"{page_of(session)}/notes/{note.pk}/remove")
    assert not session.notes.exists()
    assert AuditEntry.objects.filter(action="note.removed", subject=session.public_id).exists()


def test_notes_are_part_of_what_is_kept_about_a_buyer(session: CheckoutSession) -> None:
    SessionNote.objects.create(session=session, author="m", text="Pat called.", written_at=timezone.now())
    assert [note.text for note in export_buyer(Customer.objects.get(pk=session.customer_id)).sessions[0].notes] == [
        "Pat called."
    ]


def test_who_only_looks_is_offered_nothing_to_do(
    colleague: Callable[..., Desk], session: CheckoutSession, sandbox: Sandbox
) -> None:
    sandbox.play(session, "short")
    text = colleague("viewer").read(page_of(session))
    assert "Add note" not in text
    assert 'value="accept"' not in text
    assert "A member of support or an owner may take it as paid now." in text
