"""`manage.py doctor`: each thing that can be wrong is a line, with a sentence that says how to mend it."""

import json
from collections.abc import Iterator
from io import StringIO
from threading import Event
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from chains_app.calls.node_check import Verdict as NodeVerdict
from chains_app.calls.node_depth import Depth, depth_of
from chains_app.networks.networks import network
from checkout_project.doctor import inside, nodes, outside
from checkout_project.doctor.examining import examine
from checkout_project.doctor.findings import Finding, Verdict, ok, wrong
from checkout_project.neighbours.places import Place
from common.network.certificates import Certificate, Tls, certificate_of
from common.postgresql.poolers import TRANSACTION
from merchants_app.models import Merchant
from tests.facilitator import Facilitator, facilitator  # noqa: F401  (a fixture)
from tests.fake_node import FakeNode, Refusal
from tests.loopback import Reply
from tests.webhooks_app.receiver import Receiver
from webhooks_app.endpoints.secrets_at_rest import kept
from webhooks_app.models import WebhookEndpoint

HEAD = 20_000_000


def said(findings: Iterator[Finding] | list[Finding], verdict: Verdict) -> str:
    """The texts of one kind, with their cures."""
    return "\n".join(f"{each.about}: {each.text} {each.cure}" for each in findings if each.verdict == verdict)


def test_each_line_says_how_it_is_mended_and_something_wrong_ends_with_1(db: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", json=True, stdout=told)
    assert ended.value.code == 1
    lines = json.loads(told.getvalue())
    about = "settings database pooler redis migrations clocks ENCRYPTION_KEYS disk rates mail PUBLIC_URL webhooks"
    assert set(about.split(" ")) <= {each["about"] for each in lines}
    assert all(each["cure"] for each in lines if each["verdict"] != "ok")
    assert "Add 127.0.0.1 to ALLOWED_HOSTS" in told.getvalue()


def test_what_breaks_or_hangs_is_a_line_among_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_project.doctor.examining.LONGEST_SECONDS", 0.3)
    over = Event()

    def broken() -> Iterator[Finding]:
        yield ok("first", "well")
        raise ZeroDivisionError

    def hanging() -> Iterator[Finding]:
        over.wait(5)
        yield ok("never", "told")

    found = examine([("broken", broken), ("hanging", hanging)])
    over.set()
    assert [each.about for each in found] == ["first", "broken", "hanging"]
    assert found[1].text == "It could not be looked at: ZeroDivisionError"
    assert "did not come to an end" in found[2].text
    assert wrong("a", "b", "c").line() == "wrong  a: b\n         → c"


def test_secrets_that_no_key_opens_are_counted(db: None, mia: Merchant, settings: Any) -> None:
    WebhookEndpoint.objects.create(
        merchant=mia, mode="test", url="https://erp.example/h", secret_encrypted=kept(["whsec_1"])
    )
    assert said(inside.keys_open_secrets(), Verdict.WRONG) == ""
    former = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "webhook secrets: we_" in said(inside.keys_open_secrets(), Verdict.WRONG)
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, *former]
    assert said(inside.keys_open_secrets(), Verdict.WRONG) == ""
    assert "manage.py reencrypt" in said(inside.keys_open_secrets(), Verdict.LOOK)


def test_workers_and_beat_that_do_not_live_are_told_with_how_to_start_them(db: None) -> None:
    cache.clear()
    told = said(inside.it_runs(), Verdict.WRONG)
    assert "workers: none has run lately Start a worker: celery -A checkout_project worker" in told
    assert "beat: none has run lately Start beat" in told


def test_behind_a_pooler_the_roles_missing_limits_are_told_with_the_commands(db: None, settings: Any) -> None:
    with connection.cursor() as cursor:
        # As a role sets them, whatever this connection was given when it began.
        cursor.execute("SET LOCAL lock_timeout = '20s'; SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        assert "ALTER ROLE" not in said(inside.database_is_well(), Verdict.LOOK)
        settings.DATABASE_POOLER = TRANSACTION
        told = said(inside.database_is_well(), Verdict.LOOK)
        cursor.execute("SELECT quote_ident(current_user)")
        [role] = cursor.fetchone()
    assert "pooler: The role has no statement_timeout, idle_in_transaction_session_timeout:" in told
    assert "Then RECONNECT" in told
    assert f"ALTER ROLE {role} SET statement_timeout = '60s'; ALTER ROLE {role} SET idle_in_" in told
    assert "SET lock_timeout" not in told


GOOD = Depth(host="n.example", age=3, head=HEAD, logs=HEAD, balances=HEAD, span=10_000)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, Verdict.OK, "chain 8453, newest block 3 s old"),
        ({"problem": "n.example cannot be reached."}, Verdict.WRONG, "Name another node in RPC_URL_BASE."),
        ({"age": 4_000}, Verdict.WRONG, "It stands still: its newest block is 4000 s old."),
        ({"age": 90}, Verdict.LOOK, "It lags: its newest block is 90 s old. Name another node in RPC_URL_BASE."),
        ({"logs": 1_000}, Verdict.LOOK, "tells logs of the last 1,000 blocks only"),
        ({"logs": None}, Verdict.LOOK, "refuses logs"),
        ({"balances": 0}, Verdict.LOOK, "knows no balances"),
        ({"span": 10}, Verdict.LOOK, "eth_getLogs takes 10 blocks at once"),
    ],
)
def test_a_node_is_told_by_what_it_cannot_do(change: dict[str, Any], verdict: Verdict, words: str) -> None:
    depth = Depth(**{name: getattr(GOOD, name) for name in GOOD.__slots__} | change)
    found = list(nodes.of_node(network("base"), depth, NodeVerdict(host="n.example")))
    assert words in said(found, verdict)


def test_a_node_of_another_chain_is_wrong() -> None:
    verdict = NodeVerdict(host="n.example", differences=["the node belongs to chain 1, the file says 8453."])
    found = list(nodes.of_node(network("base"), GOOD, verdict))
    assert "belongs to chain 1" in said(found, Verdict.WRONG)
    assert not said(found, Verdict.OK)


def block(number: int) -> dict[str, str]:
    return {
        "number": hex(number), "hash": "0x" + f"{number:064x}", "timestamp": hex(int(timezone.now().timestamp())),
    }  # fmt: skip


def few_blocks(_up: object, asked: dict[str, str]) -> list[Any]:
    """As a node that lists logs of 500 blocks at once."""
    if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= 500:
        raise Refusal("range too wide")
    return []


def lately(_up: object, _who: str, at: str) -> str:
    """As a node that keeps the states of 128 blocks."""
    if int(at, 16) < HEAD - 128:
        raise Refusal("missing trie node")
    return "0x0"


def test_how_far_a_node_goes_is_found_by_asking_it() -> None:
    with FakeNode() as node:
        node.answer("eth_getBlockByNumber", lambda _up, at, _full: block(HEAD if at == "latest" else int(at, 16)))
        node.answer("eth_getLogs", few_blocks)
        node.answer("eth_getBalance", lately)
        found = depth_of(network("base"), node.url, seconds=5)
    assert (found.problem, found.head, found.span, found.balances) == ("", HEAD, 500, 120)
    assert found.logs == 8 * 86_400 / network("base").block_seconds


def test_nodes_that_contradict_each_other_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeNode() as honest, FakeNode() as liar:
        for node in (honest, liar):
            node.answer("eth_chainId", "0x2105")
            node.answer("eth_getLogs", [])
            node.answer("eth_getBalance", "0x0")
            node.answer("eth_getBlockByNumber", lambda _up, at, _full: block(HEAD if at == "latest" else int(at, 16)))
        liar.answer("eth_getBlockByNumber", lambda _up, at, _full: block(HEAD) | {"hash": "0x" + "b" * 64})
        monkeypatch.setenv("RPC_URL_BASE", f"{honest.url},{liar.url}")
        told = said(nodes.network_is_read(network("base")), Verdict.WRONG)
    assert f"base: Its nodes contradict each other about block {HEAD - 5}" in told
    assert "SECRETKEY" not in told


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (Certificate(days=60), Verdict.OK, "good for 60 days"),
        (Certificate(days=5), Verdict.LOOK, "It ends in 5 days. Renew it"),
        (
            Certificate(problem="the certificate of a is not believed: expired.", is_refused=True),
            Verdict.WRONG,
            "Renew it",
        ),
        (Certificate(problem="a has no address."), Verdict.WRONG, "Look at DNS"),
    ],
)
def test_certificates_are_told_before_they_end(found: Certificate, verdict: Verdict, words: str) -> None:
    line = outside.of_certificate(Place(host="a", port=443, tls=Tls.AT_ONCE, names=("PUBLIC_URL",)), found)
    assert line.verdict == verdict
    assert words in said([line], verdict)


def test_names_that_nobody_knows_and_ports_that_are_shut_are_said() -> None:
    assert "has no address" in certificate_of("nobody.invalid", seconds=2).problem
    assert "does not answer on port 1" in certificate_of("127.0.0.1", 1, seconds=2).problem


def test_a_letter_is_sent_when_asked_for(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "pay@mia.example"
    assert "took a letter to op@mia.example" in said(outside.mail_leaves("op@mia.example"), Verdict.OK)
    assert mail.outbox[0].to == ["op@mia.example"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    settings.PUBLIC_URL = "https://pay.mia.example"
    assert "Set EMAIL_HOST" in said(outside.mail_leaves(), Verdict.WRONG)


def test_public_url_is_asked_as_a_browser_does(live_server: Any, settings: Any) -> None:
    settings.PUBLIC_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    assert [each.about for each in outside.public_url_answers()] == ["PUBLIC_URL", "Host", "CSRF"]
    settings.ALLOWED_HOSTS = ["elsewhere.example"]
    assert "name that host in ALLOWED_HOSTS" in said(outside.public_url_answers(), Verdict.WRONG)
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert "tallystick doctor http://127.0.0.1:1" in said(outside.public_url_answers(), Verdict.LOOK)


def test_somebody_else_at_public_url_is_told(settings: Any) -> None:
    with Receiver() as other:
        settings.PUBLIC_URL = other.url
        assert "leads somewhere else" in said(outside.public_url_answers(), Verdict.WRONG)


@pytest.mark.moves_everybody("the doctor looks at the endpoints of all businesses")
def test_the_hosts_of_endpoints_are_called_and_deleted_ones_left_out(mia: Merchant) -> None:
    now = timezone.now()
    WebhookEndpoint.objects.update(disabled_at=now)
    with Receiver() as shop:
        about = {"merchant": mia, "mode": "test"}
        WebhookEndpoint.objects.create(**about, url=f"{shop.url}/hooks")
        WebhookEndpoint.objects.create(**about, url="http://127.0.0.1:1/", deleted_at=now, failing_since=now)
        well = said(outside.webhooks_get_out(), Verdict.OK)
        WebhookEndpoint.objects.create(**about, url="https://127.0.0.1:1/hooks")
        shut = said(outside.webhooks_get_out(), Verdict.LOOK)
        assert not shop.asked
    assert "none of 1 endpoints fails" in well
    assert "every host of an endpoint can be reached from here (1)" in well
    assert "1 of 2 hosts of endpoints cannot be reached: 127.0.0.1:1 (" in shut


def test_where_no_host_is_reached_the_way_out_is_shut() -> None:
    told = said([outside.of_lines({"a.example": "it says nothing", "b.example": "no route"})], Verdict.WRONG)
    assert "No host of an endpoint can be reached from here: a.example (it says nothing), b.example (no route)." in told
    assert "open ports 80 and 443" in told


def test_a_facilitator_is_asked_whom_it_serves(facilitator: Facilitator) -> None:  # noqa: F811
    assert "facilitator: brings signed payments to Devchain" in said(nodes.facilitator_serves(), Verdict.OK)
    facilitator.says["/supported"] = {"kinds": []}
    assert "to none of the networks that are on" in said(nodes.facilitator_serves(), Verdict.LOOK)
    facilitator.says["/supported"] = Reply(200, b"<html>", {})
    told = said(nodes.facilitator_serves(), Verdict.WRONG)
    assert "It answered with something that is not JSON. Look at FACILITATOR_URL" in told
