"""The pages of the dashboard: who may do what, in which mode, and how each form is filled rightly."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from sessions_app.models import CheckoutSession
from sessions_app.paying.scenarios import simulate
from sessions_app.watching.watcher import watch
from tests.strangers.row import Row
from tests.strangers.world import world

_ODD, _FRESH = {"session_id": "odd"}, {"session_id": "fresh"}
_HOOK, _EVENT = {"endpoint_id": "endpoint"}, {"event_id": "event"}
_LINK = {"link_id": "link"}
_REFUND = {"session_id": "odd", "refund_id": "refund"}
_DELIVERY = {"endpoint_id": "endpoint", "delivery_id": "delivery"}
_SETTINGS = {
    "name": "Zoe's", "session_minutes": 50, "watch_days": 8, "tolerance_percent": 1, "tolerance_amount": "0.40",
    "spread_percent": "0.50", "brand_color": "#112233", "reuse_after_days": 9, "quote_minutes": 20,
    "grace_minutes": 3, "reporting_currency": "EUR", "time_zone": "Europe/Berlin", "decision_letters": "daily",
    "collect_letters": "daily", "worth_it_percent": 2, "languages": ["en", "fr"],
    "own_words-fr-thanks": "Merci !",
}  # fmt: skip
_PREPARE = {
    "balance": "{network}:USDC", "kind": "amount", "rate_basis": "paid", "amount": "1.00", "to_address": "{wallet}",
}  # fmt: skip

_SHOP = {
    "response_type": "code", "client_id": "https://shop.example", "redirect_uri": "https://shop.example/back",
    "state": "12345678", "code_challenge": "x" * 43, "code_challenge_method": "S256", "answer": "allow",
}  # fmt: skip


def money_on_the_sandbox() -> None:
    """Somebody pays both businesses there, and it is confirmed."""
    for name in ("zoe", "yan"):
        session = CheckoutSession.objects.get(public_id=world(name).ids["quoted"])
        simulate(session=session, scenario="exact", now=timezone.now())
    for later in range(4):
        with time_machine.travel(timezone.now() + timedelta(seconds=later), tick=False):
            watch(network("sandbox"), reader_for(network("sandbox")))
    assert not CheckoutSession.objects.filter(public_id=session.public_id).exclude(status="completed").exists()


def _see(page: str, **options: object) -> Row:
    """A page that the whole team may look at."""
    return Row(route=f"dashboard:{page}", **options)  # type: ignore[arg-type]


def _do(page: str, test: str, live: str, **options: object) -> Row:
    """A form, and the roles that may send it in each mode."""
    given = {"done": 302} | options
    return Row(route=f"dashboard:{page}", method="post", test=test, live=live, **given)  # type: ignore[arg-type]


DASHBOARD = [
    _see("overview"),
    _see("sessions"),
    _see("session", ids=_ODD),
    _do("session-expire", "ods", "os", ids=_FRESH),
    _do("session-cancel", "ods", "os", ids=_FRESH),
    _do("session-write", "ods", "os", ids=_FRESH, refused="letter"),
    _do("session-write-receipt", "ods", "os", ids=_FRESH, refused="no letter is sent"),
    _do("session-look", "ods", "os", ids=_ODD),
    _see("payments"),
    _do("view-save", "odsv", "odsv", body={"of": "sessions", "name": "Mine", "query": "status=open"}),
    _do("view-remove", "odsv", "odsv", body={"of": "sessions", "name": "Another"}),
    _do("note-add", "ods", "os", ids=_ODD, body={"text": "They called."}),
    _do("note-remove", "ods", "os", ids=_ODD | {"note_id": "note"}, siblings={"session_id": "other_odd"}),
    _do("session-decide", "ods", "os", ids=_ODD,
        body={"kind": "accept", "issue": "overpaid", "payments": "{payment}"}),
    _see("decisions"),
    _see("decided"),
    _do("decide-several", "ods", "os", body={"kind": "accept", "case": "{odd} overpaid {payment}"}),
    _do("decide-undo", "ods", "os", body={"case": "{other_odd}"}),
    _do("decision-letters", "ods", "os", body={"letters": "never"}),
    _see("refunds"),
    _see("refund", ids=_ODD),
    _do("refund", "ods", "os", ids=_ODD, body=_PREPARE),
    _do("refund-ask", "ods", "os", ids=_ODD),
    _see("refund-sign", ids=_REFUND, siblings={"session_id": "other_odd"}),
    _do("refund-sign", "ods", "os", ids=_REFUND, body={"act": "withdraw"}, siblings={"session_id": "other_odd"}),
    _see("books"),
    _do("books", "odsv", "osv", done=200),  # compares with the chain
    _see("book-lines"),
    _see("exports"),
    _do("exports", "odsv", "osv", body={"what": "payments", "first": "2020-01-01", "last": "2100-01-01",
                                        "format": "csv"}, done=200),
    _see("customers"),
    _see("customer", ids={"customer_id": "customer"}),
    _see("links"),
    _do("links", "ods", "os", live_done=400, body={"product": "A box", "amount": "5", "currency": "USD"}),
    _see("link", ids=_LINK),
    _do("link", "ods", "os", ids=_LINK, body={"product": "Another name"}),
    _do("link-switch", "ods", "os", ids=_LINK),
    _see("new-session", test="ods", live="os"),
    _do("new-session", "ods", "os", live_done=400,  # no network is on there
        body={"product": "A box", "amount": "5", "currency": "USD", "ends": "1d"}),
    _see("privacy"),
    _do("privacy", "ods", "os", body={"email": "pat@example.com", "act": "export"}, done=200),
    _see("collect"),
    _do("collect-letters", "ods", "os", body={"letters": "daily"}),
    Row(route="dashboard:collect-prepare", done=302, test="ods", live="os",
        refused="choose what to collect"),
    _do("collect-prepare", "ods", "os", body={"pile": "sandbox:USDC"}, live_done=404, before=money_on_the_sandbox),
    _do("collect-sent", "ods", "os", ids={"network_id": "=sandbox"}, live_done=404,
        body={"tx_hash": "0x" + "ab" * 32}, refused="no successful transaction"),
    _see("webhooks"),
    _do("webhooks", "od", "od", body={"url": "https://new.example/hooks"}, done=200),
    _see("webhook", ids=_HOOK),
    _do("webhook", "od", "od", ids=_HOOK, body={"url": "https://moved.example/hooks"}),
    _do("webhook-test", "od", "od", ids={"endpoint_id": "tried"}, apart=True, refused="refused"),
    _do("webhook-rotate", "od", "od", ids=_HOOK, done=200),
    _do("webhook-switch", "od", "od", ids=_HOOK, body={"to": "off"}),
    _do("webhook-delete", "od", "od", ids=_HOOK),
    _do("webhook-resend", "od", "od", ids=_HOOK),
    _do("delivery-resend", "od", "od", ids=_DELIVERY, siblings={"endpoint_id": "choosy"}),
    _see("events"),
    _see("event", ids=_EVENT),
    _do("event-resend", "od", "od", ids=_EVENT),
    _see("keys"),
    _do("keys", "od", "od", body={"name": "new", "scopes": ["read"]}, done=200),
    _do("key-revoke", "od", "od", ids={"key_id": "key_id"}),
    _do("key-take", "o", "o", ids={"key_id": "taken_id"}),
    _see("connect", test="o", live="o", done=400),  # nobody said which shop
    _do("connect", "o", "o", body=_SHOP, done=200),
    _see("requests", query={"key": "key_id"}),
    _see("treasury"),
    _do("treasury", "od", "o", body={"kind": "address", "value": "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"}),
    _do("treasury-keep", "od", "o", refused="no change"),
    _do("treasury-prove", "od", "o", ids={"treasury_id": "treasury"}, body={"signature": "0x1234"}, done=200),
    _see("team"),
    _do("team", "o", "o", body={"email": "new@example.org", "role": "viewer"}),
    _do("invitation-again", "o", "o", ids={"invitation_id": "invitation"}, refused="written to less than"),
    _do("invitation-withdraw", "o", "o", ids={"invitation_id": "invitation"}),
    _do("team-second-factor", "o", "o", body={"demanded": "1"}, refused="set up a second factor for yourself first"),
    _do("member-role", "o", "o", ids={"member_id": "member"}, body={"role": "viewer"}),
    _do("member-remove", "o", "o", ids={"member_id": "member"}),
    _see("embedding"),
    _do("embedding", "o", "o", body={"embed_origins": "https://zoe.example", "allow_pay_again": "on"}),
    _see("settings"),
    _see("settings-preview"),
    _do("settings-preview", "o", "o", body=_SETTINGS, done=200),
    _do("settings", "o", "o", body=_SETTINGS),
    _see("audit"),
]  # fmt: skip
