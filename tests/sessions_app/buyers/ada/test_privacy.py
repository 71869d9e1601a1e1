"""A buyer is erased: all that says who they are, wherever it lies, and nothing that the books need."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.api.exact_json import loads_strict
from merchants_app.models import AuditEntry, IdempotencyRecord, LoggedRequest, Merchant
from merchants_app.requests.log import write_lines
from sessions_app.buyers import erasing
from sessions_app.buyers.erasing import erase_buyer, why_needed
from sessions_app.buyers.forgetting import Forget
from sessions_app.errors import StillNeeded
from sessions_app.models import CheckoutSession, Customer, Refund, SavedView
from sessions_app.reading.saved_views import save_view
from sessions_app.scope import SessionScope
from sessions_app.selling.creation import create_session
from sessions_app.state.expiry import up_to_date
from tests.cast import MIAS_WALLET, Api, agreed, refreshed
from tests.everywhere import places_of
from tests.sandbox import Sandbox, events_of
from tests.strangers.world import own
from tests.traces import EMAIL, NAME, WORDS, adas_terms
from webhooks_app.models import Delivery, Event

# The play chain is a chain: what it has seen, it has seen.
THE_CHAIN = "chains_app_"


def left_of_ada() -> set[str]:
    return {place for place in places_of(WORDS) if not place.startswith(THE_CHAIN)}


def ledger(customer: Customer) -> list[Any]:
    """What the books need of a buyer's sessions."""
    sessions = CheckoutSession.objects.filter(customer=customer).order_by("pk")
    fields = ("public_id", "amount", "currency", "status", "payment_status", "issue", "completed_at", "created_at")
    sums = [
        *sessions.values_list(*fields, "payments__tx_hash", "payments__amount_units", "payments__sender"),
        *sessions.values_list("refunds__tx_hash", "refunds__amount_units", "deposit__address", "quote__rate"),
    ]
    return [str(each) for each in sums]


def test_the_buyer_left_traces_that_the_search_finds(ada: Customer) -> None:
    found = {place.partition(":")[0] for place in left_of_ada()}
    assert {
        "merchants_app_auditentry.detail", "merchants_app_idempotencyrecord.body",
        "merchants_app_idempotencyrecord.key",
        "sessions_app_checkoutsession.cancel_url", "sessions_app_checkoutsession.email",
        "sessions_app_checkoutsession.metadata", "sessions_app_checkoutsession.name",
        "sessions_app_checkoutsession.product_description", "sessions_app_checkoutsession.product_name",
        "sessions_app_checkoutsession.reference", "sessions_app_checkoutsession.refund_address",
        "sessions_app_checkoutsession.success_url", "sessions_app_customer.email", "sessions_app_customer.name",
        "sessions_app_decision.note", "sessions_app_paymentlink.metadata", "sessions_app_paymentlink.product_name",
        "sessions_app_savedview.name", "sessions_app_savedview.query",
        "sessions_app_addresschange.address", "sessions_app_statuschange.reason", "sessions_app_refund.to_address",
        "webhooks_app_deliveryattempt.answer_excerpt",
        "webhooks_app_deliveryattempt.detail", "webhooks_app_event.data",
    } <= found  # fmt: skip


def test_no_column_of_any_table_names_an_erased_buyer(ada: Customer, later: Callable[[int], None]) -> None:
    later(10)
    assert erase_buyer(ada, actor="mia@example.com") == 2
    assert left_of_ada() == set()


def test_the_books_stay_as_they_were(ada: Customer, later: Callable[[int], None]) -> None:
    before = ledger(ada)
    assert any("overpaid" in line for line in before)
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    assert ledger(ada) == before


def test_what_is_left_says_that_it_was_erased(ada: Customer, later: Callable[[int], None], api: Api) -> None:
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    answer = api.get(f"customers/{ada.public_id}").answer
    assert (answer["email"], answer["name"]) == (f"{ada.public_id}@erased.invalid", "Erased")
    assert answer["erasedAt"] is not None
    assert [each["sessions"] for each in answer["paid"]] == [1]
    session = api.get("checkout?reference=order-78").answer[0]
    assert session["customer"] == {"id": ada.public_id, "email": answer["email"], "name": "Erased"}
    assert (session["metadata"], session["successUrl"]) == ({}, "https://shop.example/")
    line = own(AuditEntry).get(action="buyer.erased")
    assert (line.actor, line.subject, line.detail) == ("mia@example.com", ada.public_id, {"sessions": 2})
    reasons = CheckoutSession.objects.get(public_id=session["id"]).timeline.values_list("reason", "actor")
    assert list(reasons)[-1] == ("The buyer's personal data was erased.", "mia@example.com")


def test_events_keep_their_numbers_and_nothing_is_sent_again(ada: Customer, later: Callable[[int], None]) -> None:
    sessions = CheckoutSession.objects.filter(customer=ada)
    before = [events_of(session) for session in sessions]
    own(Delivery).update(state="succeeded", next_attempt_at=None)
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    assert [events_of(session) for session in sessions] == before
    assert not own(Delivery).exclude(state="succeeded").exists()
    snapshot = Event.objects.filter(subject=sessions[0].public_id).earliest("id").data
    assert (snapshot["name"], snapshot["amount"], snapshot["status"]) == ("Erased", sessions[0].amount, "open")


def test_a_stored_answer_is_rewritten_and_still_given_instead_of_doing_it_again(
    ada: Customer, api: Api, later: Callable[[int], None]
) -> None:
    created = adas_terms() | {"reference": "order-79"}
    made = api.post("checkout", created).answer["id"]
    wanted = {"asset": "USDC", "network": "sandbox"}
    first = api.post(f"checkout/{made}/quote", wanted, Idempotency_Key="quote-79").answer
    later(10)
    session = up_to_date(CheckoutSession.objects.get(public_id=made))
    own(IdempotencyRecord).update(created_at=timezone.now())  # the longest watch is over before the answer is
    assert erase_buyer(ada, actor="mia@example.com") == 3
    assert (refreshed(session).name, refreshed(session).metadata) == ("Erased", {})
    again = api.post(f"checkout/{made}/quote", wanted, Idempotency_Key="quote-79")
    assert again["Idempotent-Replayed"] == "true"
    assert (again.answer["id"], again.answer["amount"]) == (first["id"], first["amount"])
    assert not any(word in again.content.decode() for word in WORDS)
    assert not IdempotencyRecord.objects.filter(key__icontains=EMAIL).exists()


def test_erasing_twice_changes_nothing_more(ada: Customer, later: Callable[[int], None]) -> None:
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    rows = (own(AuditEntry).count(), own(Event).count())
    assert erase_buyer(Customer.objects.get(pk=ada.pk), actor="mia@example.com") == 0
    assert (own(AuditEntry).count(), own(Event).count()) == rows


def test_one_who_comes_back_is_somebody_new(ada: Customer, later: Callable[[int], None], mia: Merchant) -> None:
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    create_session(merchant=mia, mode="test", terms=agreed(**adas_terms()))
    assert SessionScope(mia, "test").buyer(EMAIL.upper()).pk != ada.pk


def test_many_sessions_are_erased_in_batches_and_a_broken_off_run_goes_on(
    new_session: Callable[..., CheckoutSession], later: Callable[[int], None], sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    sessions = [new_session() for _ in range(5)]
    sandbox.skip(hours=2)
    sandbox.look()
    later(10)
    monkeypatch.setattr(erasing, "BATCH", 2)
    spoilt = sessions[3].pk
    rows = erasing.update_rows

    def fails_at_one(batch: Any, names: Any) -> None:
        if spoilt in {each.pk for each in batch}:
            raise RuntimeError("the process dies")
        rows(batch, names)

    monkeypatch.setattr(erasing, "update_rows", fails_at_one)
    with pytest.raises(RuntimeError):
        erase_buyer(sessions[0].customer, actor="x")
    monkeypatch.setattr(erasing, "update_rows", rows)
    assert [refreshed(each).name for each in sessions] == ["Erased", "Erased", "Pat Payer", "Pat Payer", "Pat Payer"]
    assert erase_buyer(sessions[0].customer, actor="x") == 5  # of both runs
    assert {refreshed(each).name for each in sessions} == {"Erased"}


def test_nobody_is_erased_before_their_payments_are_over(ada: Customer, session: CheckoutSession) -> None:
    with pytest.raises(StillNeeded, match="watched for late payments until"):
        erase_buyer(ada, actor="x")
    with pytest.raises(StillNeeded, match=f"{session.public_id} is open"):
        erase_buyer(session.customer, actor="x")
    assert Customer.objects.get(pk=ada.pk).email == EMAIL


@pytest.mark.parametrize(("sessions", "named", "others"), [(2, 2, ""), (3, 3, ""), (4, 3, "; and others")])
def test_three_that_are_not_over_are_named_and_more_are_told_of(
    new_session: Callable[..., CheckoutSession], sessions: int, named: int, others: str
) -> None:
    *_, last = (new_session() for _ in range(sessions))
    sentence = why_needed(last.customer)
    assert len(re.findall(r"cs_\w+ is open \(end it, or wait for its end\)", sentence)) == named
    assert sentence.partition("its end)" + others + ".")[2] == ""
    assert ("others" in sentence) == bool(others)


def test_a_refund_is_waited_for_until_it_is_final_or_withdrawn(session: CheckoutSession) -> None:
    now = timezone.now()
    CheckoutSession.objects.filter(pk=session.pk).update(status="expired", watch_until=now - timedelta(days=1))
    assert why_needed(session.customer, now) == ""
    refund = Refund.objects.create(session=session, kind="full", rate_basis="paid", decimals=6, amount_units=1, value=1,
                                   rate=1, status="waiting_for_address")  # fmt: skip
    assert f"{session.public_id} has a refund that is neither final nor withdrawn" in why_needed(session.customer, now)
    for over in ("confirmed_at", "withdrawn_at"):
        Refund.objects.filter(pk=refund.pk).update(**{"confirmed_at": None, "withdrawn_at": None, over: now})
        assert why_needed(session.customer, now) == ""


@pytest.mark.parametrize("stranger", ["another business", "the other mode"])
def test_nobody_else_loses_the_same_buyer(
    ada: Customer, later: Callable[[int], None], mia: Merchant, otto: Merchant, stranger: str
) -> None:
    whose, mode = (otto, "test") if stranger == "another business" else (mia, "live")
    theirs = create_session(merchant=whose, mode=mode, terms=agreed(**adas_terms()))
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    kept = refreshed(theirs)
    assert (kept.email, kept.name, kept.customer.email) == (EMAIL, NAME, EMAIL)
    assert Event.objects.get(subject=theirs.public_id).data["email"] == EMAIL


def test_another_buyer_of_the_business_loses_nothing(
    ada: Customer, session: CheckoutSession, later: Callable[[int], None], mia: Merchant
) -> None:
    for mode, name, query in (("test", "Pat's", "q=pat%40example.com"), ("live", "Ada's", "q=ada.byron%40example.org")):
        save_view(member=mia.members.get(), mode=mode, of="sessions", name=name, query=query)
    later(10)
    erase_buyer(ada, actor="mia@example.com")
    assert set(own(SavedView).values_list("mode", "name")) == {("test", "Pat's"), ("live", "Ada's")}
    assert (refreshed(session).email, refreshed(session).metadata) == ("pat@example.com", {"orderId": "10482"})


def test_an_export_has_all_that_is_kept(ada: Customer, api: Api) -> None:
    answer = api.get(f"customers/{ada.public_id}/export")
    text = answer.content.decode()
    assert all(word in text for word in WORDS)
    assert "mia@example.com" not in text
    assert MIAS_WALLET not in text
    kept = answer.answer
    assert (len(kept["sessions"]), kept["customer"]["email"]) == (2, EMAIL)
    audited = {each["subject"] for each in kept["auditLines"]}
    assert audited
    assert audited <= {each["id"] for each in kept["sessions"]}
    assert "thank you, Ada Byron" in {
        answer["answer"] for event in kept["events"] for each in event["deliveries"] for answer in each["answers"]
    }


def test_the_api_erases_and_says_when_it_may_not_yet(ada: Customer, api: Api, later: Callable[[int], None]) -> None:
    refused = api.post(f"customers/{ada.public_id}/erase")
    assert (refused.status_code, refused.answer["errors"][0]["code"]) == (409, "still_needed")
    later(10)
    for _ in range(2):
        done = api.post(f"customers/{ada.public_id}/erase", Idempotency_Key="erase-1")
        assert (done.status_code, done.answer["name"]) == (200, "Erased")
    assert left_of_ada() == set()


def test_the_command_line_exports_and_erases(
    ada: Customer, mia: Merchant, later: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"business": mia.public_id, "mode": "test", "email": EMAIL.title()}
    call_command("export_buyer", **named)
    assert loads_strict(capsys.readouterr().out)["customer"]["id"] == ada.public_id
    with pytest.raises(CommandError, match="Not yet"):
        call_command("erase_buyer", **named)
    later(10)
    call_command("erase_buyer", **named)
    assert "with 2 sessions" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody has bought with the address"):
        call_command("erase_buyer", **named)
    with pytest.raises(CommandError, match="no business"):
        call_command("erase_buyer", **named | {"business": "mer_none"})


def test_an_address_in_a_path_is_not_logged(api: Api) -> None:
    api.get(f"customers/{EMAIL}")
    write_lines()
    assert own(LoggedRequest).latest("id").path == "/api/v1/customers/…@…"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ada Byron, ADA.BYRON@EXAMPLE.ORG", "erased, erased"),
        ("mailto:ada.byron%40example.org?x", "mailto:erased?x"),
        ("Ada Byronson and anada.byron@example.org", "Ada Byronson and anada.byron@example.org"),
        ("Rose Ada", "Rose Ada"),  # a name of one word may be the name of a thing
    ],
)
def test_words_are_taken_out_whole(text: str, left: str) -> None:
    forget = Forget(customer_id="cus_1", email="cus_1@erased.invalid", people=frozenset({EMAIL, NAME, "Ada"}))
    assert forget.in_text(text) == left
    assert forget.in_note("Ada asked") == "erased asked"


def test_words_are_taken_out_of_lists_within_lists() -> None:
    forget = Forget(customer_id="cus_1", email="cus_1@erased.invalid", people=frozenset({EMAIL, NAME, "Ada"}))
    events_of = {
        "to": [EMAIL, 5, None, [f"to {EMAIL}"], {"id": "cus_1", "email": EMAIL, "name": "Ada"}],
        "note": ["Ada asked"],
    }
    assert forget.in_json(events_of) == {
        "to": ["erased", 5, None, ["to erased"], {"id": "cus_1", "email": "cus_1@erased.invalid", "name": "Erased"}],
        "note": ["erased asked"],
    }
