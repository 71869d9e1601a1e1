"""`examples/connect/connect.mjs`: the owner presses Connect in the shop, says yes here, and the shop has its key."""

import os
import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from checkout_project.running import children
from tests.stack import Stack

SCRIPT = Path(__file__).parents[2] / "examples/connect/connect.mjs"
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def shop(stack: Stack) -> Iterator[str]:
    port = children.free_port()
    environment = os.environ | {"TALLYSTICK_URL": stack.url, "PORT": str(port)}
    with subprocess.Popen(["node", str(SCRIPT)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "open" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def fields_of(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    form = page.text.rpartition("<form")[2]
    return {name: unescape(value) for name, value in _FIELD.findall(form)}


@pytest.fixture
def owner(stack: Stack) -> Iterator[httpx.Client]:
    """The owner's browser, signed in."""
    with httpx.Client(follow_redirects=True, headers={"Referer": stack.url}) as browser:
        form = fields_of(browser.get(f"{stack.url}/accounts/login/"))
        typed = {"login": stack.demo["email"], "password": stack.demo["password"]}
        assert browser.post(f"{stack.url}/accounts/login/", data=form | typed).status_code == 200
        yield browser


@pytest.mark.parametrize(
    ("answer", "said"), [("allow", "Connected to Nordlicht Coffee in test mode."), ("refuse", "access_denied")]
)
def test_the_owner_answers_and_the_shop_knows(
    stack: Stack, shop: str, owner: httpx.Client, answer: str, said: str
) -> None:
    consent = owner.get(f"{shop}/connect")
    assert "127.0.0.1" in consent.text
    address = consent.url.copy_with(query=None)
    back = owner.post(address, data=fields_of(consent) | {"answer": answer})
    found = re.search(r'content="0;url=([^"]+)"', back.text)
    assert found, back.text
    assert said in owner.get(unescape(found[1])).text
    keys = owner.get(str(address).replace("/connect", "/keys")).text
    assert (f"Connected: {shop.partition('://')[2]}" in keys) is (answer == "allow")
