"""What a POST draws stands at an address that cannot be opened: no link, form or refusal leads back there."""

import re

import pytest
from django.test import Client

from merchants_app.models import Merchant, Treasury
from tests.cast import OTTOS_WALLET
from tests.desk import Desk
from webhooks_app.endpoints.endpoints import create_endpoint


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("collect/base/sent", "collect"),
        ("collect/prepare?pile=base:USDC", "collect/prepare?pile=base:USDC"),
        ("treasury/7/prove", "treasury"),
        ("webhooks/we_1/rotate", "webhooks/we_1"),
        ("webhooks/we_1/del_1/resend", "webhooks/we_1"),
        ("sessions?status=open", "sessions?status=open"),
    ],
)
def test_a_refused_button_leads_to_a_page_that_can_be_opened(desk: Desk, came_from: str, leads_to: str) -> None:
    home = f"http://testserver/dashboard/{desk.at}/"
    answer = desk.client.post(f"/dashboard/{desk.at}/treasury/keep", HTTP_REFERER=home + came_from)
    assert answer["Location"].removeprefix("http://testserver") == f"/dashboard/{desk.at}/{leads_to}"
    assert "No change is waiting" in desk.read("overview")


def test_one_that_came_from_elsewhere_leads_home(desk: Desk) -> None:
    path = f"/dashboard/{desk.at}/treasury/keep"
    for elsewhere in ("https://evil.example/dashboard", "http://testserver", "http://testserver/nowhere/at/all"):
        assert desk.client.post(path, HTTP_REFERER=elsewhere)["Location"] == "/dashboard"


@pytest.mark.parametrize(("deed", "leads_to"), [("treasury/keep", "treasury"), ("keys?x=1", "keys%3Fx%3D1")])
def test_whoever_was_signed_out_meanwhile_signs_in_to_a_page(desk: Desk, deed: str, leads_to: str) -> None:
    place = f"/dashboard/{desk.at}"
    assert Client().post(f"{place}/{deed}")["Location"] == f"/accounts/login/?next={place}/{leads_to}"
    assert Client().get(f"{place}/keys?x=1")["Location"] == f"/accounts/login/?next={place}/keys%3Fx%3D1"


@pytest.mark.parametrize("deed", ["rotate", "resend?before=1"])
def test_the_links_of_an_endpoint_that_a_post_drew_can_be_followed(mia: Merchant, desk: Desk, deed: str) -> None:
    endpoint, _ = create_endpoint(merchant=mia, mode="test", url="http://127.0.0.1:9/hooks", events=[], actor="mia")
    drawn = desk.post(f"webhooks/{endpoint.public_id}/{deed}", since="no date")
    assert drawn.status_code == 200
    links = set(re.findall(r'href="([^"#]*\?[^"]*|[^"#]*)"', drawn.content.decode().split("<main")[1]))
    own = {link for link in links if f"/webhooks/{endpoint.public_id}" in link or link.startswith("?")}
    assert f"/dashboard/{desk.at}/webhooks/{endpoint.public_id}?state=failed" in own
    assert {desk.client.get(link).status_code for link in own if not link.startswith("?")} == {200}
    assert not [link for link in own if link.startswith("?")]


def test_after_a_wrong_signature_the_wallet_can_be_changed_on_the_same_page(desk: Desk, mia: Merchant) -> None:
    treasury = Treasury.objects.get(merchant=mia, mode="test")
    drawn = desk.post(f"treasury/{treasury.pk}/prove", signature="0x12")
    assert drawn.status_code == 200
    form = drawn.content.decode().split('id="change"')[1]
    [action] = re.findall(r'action="([^"]+)"', form)[:1]
    changed = desk.client.post(action, {"kind": "address", "value": OTTOS_WALLET})
    assert changed["Location"] == f"/dashboard/{desk.at}/treasury"
    assert OTTOS_WALLET in desk.read("treasury")
