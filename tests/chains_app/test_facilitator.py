"""What is asked of a facilitator, how often, and which of its answers count."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from chains_app.calls import facilitator as asked_of_it
from chains_app.calls.facilitator import FacilitatorAway, FacilitatorInDoubt, serves, settle, verify
from chains_app.networks.networks import network
from tests.facilitator import DEVCHAIN, TX_HASH, Facilitator, facilitator
from tests.loopback import HANG_UP, Reply

__all__ = ["facilitator"]

TERMS = {"network": DEVCHAIN}


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """So many seconds, as it counts them."""
    now = [1000.0]
    monkeypatch.setattr(asked_of_it, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def add(seconds: float) -> None:
        now[0] += seconds

    return add


def is_served() -> bool:
    return serves(network("devchain"))


def test_whom_it_serves_is_asked_every_five_minutes(
    facilitator: Facilitator, pass_time: Callable[[float], None]
) -> None:
    times = []
    for seconds in (0, 0, 299, 1, 0):
        pass_time(seconds)
        assert is_served()
        times.append(facilitator.times("/supported"))
    assert times == [1, 1, 1, 2, 2]


def test_while_it_is_away_what_it_said_last_counts_and_it_is_asked_again_soon(
    facilitator: Facilitator, pass_time: Callable[[float], None], settings: Any
) -> None:
    assert is_served()
    facilitator.says["/supported"] = HANG_UP
    times = []
    for seconds in (300, 29, 1):
        pass_time(seconds)
        assert is_served()
        times.append(facilitator.times("/supported"))
    assert times == [2, 2, 3]
    with Facilitator() as other:
        settings.FACILITATOR_URL, other.says["/supported"] = other.url, HANG_UP
        assert not is_served()
        del other.says["/supported"]
        assert not is_served()
        pass_time(30)
        assert is_served()
    settings.FACILITATOR_URL = ""
    assert not is_served()


@pytest.mark.parametrize(
    "changes", [{"x402Version": 1}, {"scheme": "upto"}, {"network": "eip155:1"}, {"scheme": None}, {"x402Version": "2"}]
)
def test_it_serves_what_we_speak(facilitator: Facilitator, changes: dict[str, Any]) -> None:
    kind = {"x402Version": 2, "scheme": "exact", "network": DEVCHAIN}
    facilitator.says["/supported"] = {"kinds": [kind | changes]}
    assert not is_served()


def test_it_is_asked_with_its_token_and_nothing_that_unpacks(facilitator: Facilitator, settings: Any) -> None:
    settings.FACILITATOR_TOKEN, settings.FACILITATOR_URL = "secret", f"{facilitator.url}/"
    assert verify({"a": 1}, {"b": 2}) == ""
    [told] = facilitator.asked
    assert (told.method, told.path) == ("POST", "/verify")
    assert told.json == {"x402Version": 2, "paymentPayload": {"a": 1}, "paymentRequirements": {"b": 2}}
    headers = {name.lower(): value for name, value in told.headers.items()}
    assert (headers["authorization"], headers["accept-encoding"]) == ("Bearer secret", "identity")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [({"isValid": False}, "invalid"), ({"isValid": False, "invalidReason": "odd"}, "odd"), ({"isValid": True}, "")],
)
def test_its_no_is_in_its_own_word(facilitator: Facilitator, answer: dict[str, Any], reason: str) -> None:
    facilitator.says["/verify"] = answer
    assert verify({}, TERMS) == reason


def test_a_no_with_any_status_is_a_no_and_a_yes_with_another_is_none(facilitator: Facilitator) -> None:
    facilitator.says["/verify"] = Reply(402, b'{"isValid": false, "invalidReason": "odd"}')
    assert verify({}, TERMS) == "odd"
    facilitator.says["/verify"] = Reply(202, b'{"isValid": true}')
    with pytest.raises(FacilitatorAway, match="yes with status 202"):
        verify({}, TERMS)
    settled = {"success": True, "transaction": TX_HASH, "network": DEVCHAIN}
    facilitator.says["/settle"] = Reply(202, json.dumps(settled).encode())
    with pytest.raises(FacilitatorInDoubt, match="said yes and named no transaction") as doubt:
        settle({}, TERMS)
    assert doubt.value.tx_hash == TX_HASH


def test_one_that_did_not_answer_is_left_alone_for_a_moment(facilitator: Facilitator) -> None:
    facilitator.says["/verify"] = HANG_UP
    with pytest.raises(FacilitatorAway, match="hung up"):
        verify({}, TERMS)
    for ask in (verify, settle):
        with pytest.raises(FacilitatorAway, match="cannot be reached just now"):
            ask({}, TERMS)
    assert facilitator.paths == ["/verify"]


@pytest.mark.parametrize(("size", "is_read"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_its_answers_are_short(facilitator: Facilitator, size: int, is_read: bool) -> None:
    body = b'{"isValid": true}'
    facilitator.says["/verify"] = Reply(200, body + b" " * (size - len(body)))
    if is_read:
        assert verify({}, TERMS) == ""
    else:
        with pytest.raises(FacilitatorAway, match="more than 64 kB"):
            verify({}, TERMS)


def test_a_transaction_is_named_in_small_letters(facilitator: Facilitator) -> None:
    facilitator.says["/settle"] = {"success": True, "transaction": TX_HASH.replace("e", "E"), "network": DEVCHAIN}
    assert settle({}, TERMS) == TX_HASH
