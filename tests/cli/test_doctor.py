"""`tallystick doctor URL`, before a running server and before others."""

import subprocess
import sys
from typing import Any

from tests.cli.running import ENVIRONMENT, Run
from tests.webhooks_app.receiver import Receiver


def test_a_running_one_is_looked_at_and_its_key_tried(tallystick: Run, live_server: Any, mia_key: str) -> None:
    with Receiver() as strict:
        strict.answer = (401, b"", {})
        done = tallystick("doctor", live_server.url, "--key", mia_key, "--receiver", strict.url)
    assert "ok     /healthz: alive" in done.stdout
    assert "ok     API: without a key 401 not_authenticated" in done.stdout
    assert "ok     key: taken, of Mia Coffee" in done.stdout
    assert "ok     CSP: payment pages run no strangers' scripts" in done.stdout
    assert "ok     receiver: it is there, and refuses what is not signed (401)" in done.stdout
    assert "look   TLS: It is reached by http" in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr


def outside(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Without a key, and with no server of ours."""
    command = [sys.executable, "-m", "tallystick.main", "doctor", *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_no_tallystick_and_what_takes_anything_is_wrong_with_its_cure() -> None:
    with Receiver() as other:
        done = outside(other.url, "--receiver", other.url)
    assert done.returncode == 1
    assert "wrong  /healthz: 405.\n         → Is it Tallystick, and is its web process up?" in done.stdout
    assert "wrong  API: Without a key it answers 405" in done.stdout
    assert "wrong  receiver: It takes a message that nobody signed." in done.stdout
    assert "Traceback" not in done.stderr


def test_nobody_there_is_said_without_a_traceback() -> None:
    done = outside("https://127.0.0.1:1")
    assert done.returncode == 1
    assert "wrong  TLS: No connection" in done.stdout
    assert "Traceback" not in done.stderr


_WITH_A_KEY = """
import sys, httpx
from tallystick.doctor import Site, api_answers
def answer(request):
    print("carried", "sk_test_of_mine" in str(request.headers.raw))
    return httpx.Response(401, json={"errors": [{"code": "not_authenticated"}]})
for url in sys.argv[1:]:
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        for line in api_answers(Site(url=httpx.URL(url), http=http, key="sk_test_of_mine")):
            print(line.verdict, line.about)
"""


def with_a_key(*urls: str) -> str:
    """What it does with a key there; whoever answers knows none."""
    command = [sys.executable, "-c", _WITH_A_KEY, *urls]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_key_is_sent_to_nobody_in_clear() -> None:
    in_clear = with_a_key("http://pay.example.com", "http://192.0.2.7", "http://127.0.0.1.example.com")
    assert in_clear.count("look key") == 3
    assert "carried True" not in in_clear
    kept = with_a_key("https://pay.example.com", "http://127.0.0.1", "http://[::1]:8000", "http://localhost")
    assert kept.count("carried True") == kept.count("wrong key") == 4
