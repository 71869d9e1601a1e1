"""One node, spoken to: batches, refusals, limits, garbage, and nothing of its key in any message."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from chains_app.evm.exchange import NodeFailed, RpcError, TooMuch
from chains_app.evm.json_rpc import Call, Node
from tests.fake_node import UNANSWERED, FakeNode


@pytest.fixture
def fake():
    with FakeNode() as node:
        node.answer("echo", lambda _, value: value)
        yield node


def echo(*values):
    return [Call("echo", (value,)) for value in values]


def test_answers_come_in_the_order_of_the_calls(fake):
    assert Node(fake.url).batch(echo(*range(250))) == list(range(250))
    assert fake.requests == 3


def test_one_refused_call_spoils_no_other(fake):
    fake.refuse("nope", "no such thing", code=-32601)
    first, second, third = Node(fake.url).batch([*echo(1), Call("nope"), *echo(3)])
    assert (first, third) == (1, 3)
    assert isinstance(second, RpcError)
    assert (second.code, second.message) == (-32601, "no such thing")


def test_a_node_that_refuses_large_batches_gets_smaller_ones(fake):
    fake.batch_limit = 10
    node = Node(fake.url)
    assert node.batch(echo(*range(40))) == list(range(40))
    fake.forget()
    node.batch(echo(*range(20)))
    assert fake.requests == 2  # it has learned that ten will do


def test_a_node_that_takes_no_batches_is_asked_one_by_one(fake):
    fake.batch_limit = 0
    assert Node(fake.url).batch(echo(1, 2, 3)) == [1, 2, 3]


def test_too_many_requests_with_the_seconds_it_asks_for(fake):
    fake.reply(429, headers={"Retry-After": "7"})
    with pytest.raises(NodeFailed, match="fewer requests") as failed:
        Node(fake.url).call("echo", 1)
    assert failed.value.rest == 7


def test_too_many_requests_with_the_date_it_asks_for(fake):
    fake.reply(429, headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=60))})
    with pytest.raises(NodeFailed) as failed:
        Node(fake.url).call("echo", 1)
    assert 50 < failed.value.rest <= 60


@pytest.mark.parametrize(
    ("code", "message"),
    [(429, "whatever"), (-32005, "daily request limit reached"), (-32000, "Too Many Requests"), (-32029, "x")],
)
def test_a_rate_limit_told_in_json_is_one_too(fake, code, message):
    fake.refuse("echo", message, code=code)
    with pytest.raises(NodeFailed, match="fewer requests"):
        Node(fake.url).batch(echo(1, 2))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"[]",
        b"{}",
        b"null",
        b"7",
        b'"x"',
        b"[[]]",
        b'[{"id": 99, "result": 1}]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_garbage_fails_the_node_and_not_the_program(fake, body):
    fake.reply(200, body)
    with pytest.raises(NodeFailed, match="answer"):
        Node(fake.url).batch(echo(1, 2))
    with pytest.raises(NodeFailed, match="answer"):
        Node(fake.url).call("echo", 1)


def test_a_call_left_out_of_the_answer_fails_the_node(fake):
    fake.answer("echo", lambda _, value: UNANSWERED if value == 2 else value)
    with pytest.raises(NodeFailed, match="did not answer echo"):
        Node(fake.url).batch(echo(1, 2, 3))


def test_an_error_status_without_an_answer(fake):
    fake.reply(503, b"try later", {"Retry-After": "30"})
    with pytest.raises(NodeFailed, match="HTTP 503") as failed:
        Node(fake.url).call("echo", 1)
    assert failed.value.rest == 30


def test_a_redirect_is_not_followed(fake):
    with FakeNode() as elsewhere:
        fake.reply(302, b"", {"Location": elsewhere.url})
        with pytest.raises(NodeFailed, match="HTTP 302"):
            Node(fake.url).call("echo", 1)
        assert elsewhere.requests == 0


def test_an_answer_without_end_is_cut_off(fake, monkeypatch):
    monkeypatch.setattr("chains_app.evm.exchange.MOST_BYTES", 1000)
    fake.reply(200, b"x" * 5000)
    with pytest.raises(NodeFailed, match="more than 1000 bytes"):
        Node(fake.url).call("echo", 1)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_node_that_drips_is_given_up_in_time(fake, monkeypatch, part):
    monkeypatch.setattr("chains_app.evm.exchange.LONGEST_EXCHANGE", 0.3)
    fake.drips = part
    with pytest.raises(TooMuch, match="in time"):
        Node(fake.url).call("echo", 1)
    fake.drips = ""
    assert Node(fake.url).call("echo", 1) == 1


def test_an_error_that_names_no_call_answers_the_only_one(fake):
    """So do nodes that read no further than the size of a request."""
    fake.reply(200, b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32005, "message": "range too wide"}}')
    with pytest.raises(RpcError, match="range too wide"):
        Node(fake.url).call("echo", 1)


def test_nobody_there():
    with FakeNode() as gone:
        url = gone.url
    with pytest.raises(NodeFailed, match="cannot be reached"):
        Node(url).call("echo", 1)


def test_no_message_shows_the_key(fake):
    messages = []
    for status, body in [(429, b""), (500, b"SECRETKEY"), (200, b"nonsense")]:
        fake.reply(status, body)
        with pytest.raises(NodeFailed) as failed:
            Node(fake.url).call("echo", 1)
        messages.append(str(failed.value))
    assert "SECRETKEY" not in " ".join(messages)
    assert ["127.0.0.1" in message for message in messages] == [True] * 3


def test_a_node_that_keeps_failing_is_left_alone_ever_longer(monkeypatch):
    node, rests = Node("http://127.0.0.1:9"), []
    for _ in range(8):
        node.failed(NodeFailed("x"))
        rests.append(round(node.resting))
    assert rests == [2, 4, 8, 16, 32, 64, 64, 64]
    assert not node.may_be_woken
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3)
    assert node.may_be_woken  # when nobody else can answer
    node.worked()
    node.failed(NodeFailed("x", rest=5000))
    assert round(node.resting) == 120
