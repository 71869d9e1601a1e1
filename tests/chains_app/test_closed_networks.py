"""An operator closes a network: nobody is sent there any more, and what comes all the same counts."""

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.reading.health import close, offer_again
from sessions_app.errors import NetworkUnavailable
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option, options_for
from tests.cast import Api
from tests.markup import read
from tests.operators import Operator
from tests.sandbox import Sandbox

SENTENCE = "Nothing new is taken on Sandbox at the moment: choose another network."


@pytest.fixture
def closed(sandbox: Sandbox) -> Sandbox:
    """The sandbox, after it was read once."""
    sandbox.look()
    assert close("sandbox", timezone.now())
    return sandbox


def pick(session: CheckoutSession) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())


def test_nobody_is_sent_there(client: Client, api: Api, session: CheckoutSession, closed: Sandbox) -> None:
    refused = {each.unavailable for each in options_for(session, timezone.now()) if each.option.network.id == "sandbox"}
    assert refused == {SENTENCE}
    with pytest.raises(NetworkUnavailable, match=SENTENCE):
        pick(session)
    assert SENTENCE in read(client.get(f"/pay/{session.page_token}").content.decode())
    offered = api.get("payment-options?amount=4900&currency=USD").answer
    told = {(each["available"], each["reason"]) for each in offered if each["network"] == "sandbox"}
    assert told == {(False, SENTENCE)}
    answer = api.post(f"checkout/{session.public_id}/quote", {"asset": "USDC", "network": "sandbox"})
    assert (answer.status_code, answer.answer["errors"][0]["code"]) == (409, "network_unavailable")


def test_who_has_the_address_already_is_paid_for(sandbox: Sandbox, session: CheckoutSession) -> None:
    pick(session)
    sandbox.look()
    close("sandbox", timezone.now())
    assert sandbox.play(session, "exact").status == "completed"


def test_who_has_a_price_there_that_lapsed_is_led_to_another_network(
    client: Client, sandbox: Sandbox, session: CheckoutSession
) -> None:
    pick(session)
    sandbox.look()
    client.get(f"/pay/{session.page_token}")
    status = f"/pay/{session.page_token}/status"
    etag = client.get(status).headers["ETag"]
    close("sandbox", timezone.now())
    assert client.get(status, headers={"If-None-Match": etag}).status_code == 200, "an open page hears of it"
    sandbox.skip(minutes=16)
    page = client.get(f"/pay/{session.page_token}").content.decode()
    assert 'data-state="away"' in page
    assert f'href="/pay/{session.page_token}?change=1"' in page
    assert "stands still" not in page, "of a network that is only closed nothing does"


def test_it_is_offered_again(session: CheckoutSession, closed: Sandbox) -> None:
    assert not close("sandbox", timezone.now()), "it is closed already, since then"
    assert offer_again("sandbox")
    assert not offer_again("sandbox")
    pick(session)


def test_open_pages_hear_of_it(client: Client, session: CheckoutSession, sandbox: Sandbox) -> None:
    sandbox.look()
    client.get(f"/pay/{session.page_token}")
    status = f"/pay/{session.page_token}/status"
    etag = client.get(status).headers["ETag"]
    assert client.get(status, headers={"If-None-Match": etag}).status_code == 304
    close("sandbox", timezone.now())
    assert SENTENCE in read(client.get(status, headers={"If-None-Match": etag}).content.decode())


def test_an_operator_does_it_in_the_admin(operator: Operator, closed: Sandbox) -> None:
    def act(action: str) -> str:
        cursor = ScanCursor.objects.get(pk="sandbox")
        return str(operator.act("chains_app/scancursor", action, cursor).content.decode())

    assert "Sandbox is closed" in operator.read("")
    assert "it is offered again" in act("offer_again")
    assert "no business offers it from now on" in act("close")
    assert ScanCursor.objects.get(pk="sandbox").closed_since
