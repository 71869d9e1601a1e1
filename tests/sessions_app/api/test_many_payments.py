"""Many transfers to one session, which anybody can send, and play that others' sessions must not notice."""

from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.sandbox.chain import send
from common.api.exact_json import dumps
from merchants_app.models import Merchant
from sessions_app.buyers.export import export_buyer
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.selling.creation import create_session
from tests.cast import Api, agreed, refreshed
from tests.sandbox import Sandbox, events_of
from webhooks_app.models import Event

USDC = network("sandbox").assets["USDC"].contract
SMALL, LARGE = 10_000, 1_000_000  # a cent, a dollar


def test_of_three_hundred_transfers_the_largest_are_listed_and_all_are_summed(
    api: Api, sandbox: Sandbox, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    to, now = refreshed(session).deposit.address, timezone.now()
    for place in range(300):
        units = LARGE if place % 10 == 0 else SMALL
        send(recipient=to, contract=USDC, amount_units=units, now=now, tx_hash="0x" + "7" * 64, log_index=place)
    after = sandbox.wait(4, session)
    answer = api.get(f"checkout/sessions/{session.public_id}")
    assert len(answer.content) < 40_000
    shown = answer.answer
    assert (len(shown["payments"]), shown["paymentsMore"]) == (50, 250)
    assert [each["value"] for each in shown["payments"]].count(1) == 30
    assert shown["payment"]["valueReceived"] == shown["amountNet"]
    address, paged = f"checkout/{session.public_id}/payments?limit=100", []
    while address:
        page = api.get(address)
        paged += page.answer
        address = page["Link"].partition("/api/v1/")[2].partition(">")[0] if "Link" in page else ""
    assert len(paged) == len({each["id"] for each in paged}) == 300
    assert all(each in paged for each in shown["payments"])
    assert api.get(f"checkout/{session.public_id}/payments?after=pay_x").answer["errors"][0]["attr"] == "after"
    assert str(shown["payment"]["valueReceived"]) == "32.70"
    newest = Event.objects.filter(subject=session.public_id).latest("subject_sequence")
    assert len(newest.data["payments"]) == 50
    assert len(dumps(newest.data)) < 40_000
    assert len(export_buyer(after.customer).sessions[0].payments) == 300


def test_a_reorganisation_that_one_business_plays_leaves_others_payments_confirmed(
    sandbox: Sandbox, session: CheckoutSession, otto: Merchant
) -> None:
    ottos = create_session(merchant=otto, mode="test", terms=agreed())
    own = create_session(merchant=session.merchant, mode="test", terms=agreed(email="other@example.com"))
    for each in (ottos, own):
        sandbox.play(each, "exact", asset="USDC", seconds=0)
    sandbox.play(session, "reorged", asset="USDC", seconds=8)
    assert events_of(session)[-2:] == ["payment.reversed", "issue_opened"]
    told = [row.reason for row in refreshed(ottos).timeline.all()]
    assert len(told) == 3
    assert not any("another block" in reason for reason in told)
    assert refreshed(ottos).payments.get().confirmed_at
