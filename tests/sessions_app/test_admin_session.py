"""A session's page in the admin: its buyer masked until somebody says why, its rules, who was told, the way inside."""

from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pydantic.alias_generators import to_camel

from chains_app.models import SandboxTransfer
from merchants_app.models import Merchant
from sessions_app.models import (
    CheckoutSession,
    Customer,
    Letter,
    Payment,
    Quote,
    Refund,
    StatusChange,
    receipt_token,
)
from sessions_app.selling.creation import create_session
from tests.cast import agreed
from tests.operators import Operator, lines, staff
from tests.sandbox import Sandbox
from tests.sessions_app.refunding.test_refunds import prepared
from tests.strangers.world import own
from webhooks_app.events.bodies import OF_BUYER
from webhooks_app.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint

STAFF = "operator staff@example.com"


def pages_of(session: CheckoutSession) -> list[str]:
    """Wherever its buyer could be read."""
    its, buyers = f"sessions_app/checkoutsession/{session.pk}", f"sessions_app/customer/{session.customer_id}"
    event = Event.objects.get(subject=session.public_id)
    return [
        "sessions_app/checkoutsession/", "sessions_app/customer/", f"{its}/change/", f"{buyers}/change/",
        f"webhooks_app/event/{event.pk}/change/", f"{its}/buyer/", f"{buyers}/buyer/",
    ]  # fmt: skip


def test_who_buys_is_masked_in_lists_and_on_pages(session: CheckoutSession) -> None:
    looker = staff("Look")
    assert (session.email, session.name, session.metadata) == ("pat@example.com", "Pat Payer", {"orderId": "10482"})
    texts = {page: looker.read(page) for page in pages_of(session)}
    told = [
        (page, word) for page, text in texts.items() for word in ("pat@example", "Pat Payer", "10482") if word in text
    ]
    assert told == []
    assert "P•••, p•••@example.com" in texts["sessions_app/customer/"]
    assert "49.00" in texts[f"webhooks_app/event/{Event.objects.get(subject=session.public_id).pk}/change/"]


def test_no_page_names_the_buyer_or_opens_what_is_theirs(mia: Merchant, sandbox: Sandbox) -> None:
    """Whoever knows the page's address is taken for the buyer: they say where a refund goes."""
    WebhookEndpoint.objects.create(merchant=mia, mode="test", url="https://shop.example/hooks")
    session = sandbox.play(create_session(merchant=mia, mode="test", terms=agreed()), "over")
    prepared(session, asset="ETH")
    Letter.objects.create(session=session, kind="receipt", tries=3, owed_at=timezone.now(), due_at=timezone.now())
    for number, delivery in enumerate(own(Delivery)):
        told = {"status_code": 307, "detail": "https://shop.example/?to=pat@example.com"} if number % 2 else {}
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=timezone.now(), duration_ms=5, answer_excerpt="Thanks, Pat Payer!", **told
        )
    secrets = (session.page_token, receipt_token(session.page_token), "pat@example", "Pat Payer", "10482")
    looker, told = staff("Look"), []
    for model in (Event, Delivery, DeliveryAttempt, CheckoutSession, Customer, Payment, Refund, Quote, Letter,
                  StatusChange):  # fmt: skip
        place = f"{model._meta.app_label}/{model._meta.model_name}/"
        newest = own(model).order_by("-pk")[:2]
        assert newest, place
        for page in (place, *(f"{place}{row.pk}/change/" for row in newest)):
            text = looker.read(page)
            told += [(page, secret) for secret in secrets if secret in text]
    assert told == []
    assert "Paid: the receipt" in looker.read(f"sessions_app/checkoutsession/{session.pk}/change/")
    assert {to_camel(name) for name in CheckoutSession.NAMES_BUYER} < OF_BUYER


def test_a_reason_shows_the_buyer_and_stands_in_the_log_of_the_business(session: CheckoutSession) -> None:
    looker = staff("Look")
    *_, its, buyers = pages_of(session)
    assert "This field is required" in looker.post(its, reason=" ").content.decode()
    assert lines(session.merchant, STAFF) == []
    text = looker.post(its, reason="They are on the phone").content.decode()
    assert [word for word in ("pat@example.com", "Pat Payer", "10482") if word not in text] == []
    assert "pat@example.com" in looker.post(buyers, reason="They are on the phone").content.decode()
    assert lines(session.merchant, STAFF) == [("buyer.seen", {"reason": "They are on the phone"})] * 2
    assert LogEntry.objects.filter(user=looker.user, change_message="Saw the buyer.").count() == 2


def test_only_operators_who_may_see_sessions_can_ask_who_buys(session: CheckoutSession, mia: Merchant) -> None:
    *_, its, buyers = pages_of(session)
    newcomer, owner = staff(email="new@example.com"), Client()
    owner.force_login(mia.members.get().user)
    for page in (its, buyers):
        assert newcomer.post(page, reason="curious").status_code == 403
        assert owner.post(f"/admin/{page}", {"reason": "curious"}).status_code == 302
    assert lines(mia, "operator new@example.com") == []


def test_it_shows_the_rules_it_was_made_with_and_who_was_told(operator: Operator, mia: Merchant) -> None:
    WebhookEndpoint.objects.create(merchant=mia, mode="test", url="https://shop.example/hooks")
    session = create_session(merchant=mia, mode="test", terms=agreed())
    text = operator.read(f"sessions_app/checkoutsession/{session.pk}/change/")
    rules = text[text.index("Rules it was made with") :]
    assert '<div class="readonly">1.00</div>' in rules[rules.index("Tolerance percent") :][:200]
    told = text[text.index("Events, and who was told") :]
    assert "checkout.created</a>" in told
    assert 'shop.example</a> <span class="chip now">Waiting</span> 0 tries' in told


def test_it_leads_to_what_the_business_sees(operator: Operator, session: CheckoutSession) -> None:
    merchant, member = session.merchant, session.merchant.members.get()
    there = f"/dashboard/{merchant.public_id}/test/sessions/{session.public_id}"
    asks = f"merchants_app/merchant/{merchant.pk}/do/look/?to="
    assert f'href="/admin/{asks}{there}"' in operator.read(f"sessions_app/checkoutsession/{session.pk}/change/")
    look = {"member": member.pk, "reason": "Their question"}
    assert operator.post(f"{asks}{there}", **look)["Location"] == there
    elsewhere = operator.post(f"{asks}https://evil.example/dashboard/", **look)["Location"]
    assert elsewhere == f"/dashboard/{merchant.public_id}/live/overview"


def test_amounts_stand_as_people_write_them(operator: Operator, session: CheckoutSession, sandbox: Sandbox) -> None:
    session = sandbox.play(session, "exact")
    payment, quote = session.payments.get(), session.quotes.get()
    for row in (payment, quote, SandboxTransfer.objects.get(tx_hash=payment.tx_hash)):
        text = operator.read(f"{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/")
        assert "0.0196 ETH" in text
        assert "19600000000000000" not in text
    assert (str(payment), str(quote)) == (f"0.0196 ETH in {payment.tx_hash}", "0.0196 ETH on sandbox")
