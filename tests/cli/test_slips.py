"""What people get wrong at the command line ends in a sentence, and before anything is made."""

import subprocess
import sys

import pytest

from sessions_app.models import CheckoutSession
from sessions_app.paying.scenarios import Scenario
from tests.cli.running import ENVIRONMENT, Run
from tests.strangers.world import own
from tests.webhooks_app.receiver import Receiver


@pytest.mark.parametrize("words", [["trigger", "exact"], ["listen", "--forward-to", "http://127.0.0.1:1"]])
def test_what_plays_with_money_is_for_test_mode(tallystick: Run, mia_live_key: str, words: list[str]) -> None:
    refused = tallystick("--api-key", mia_live_key, *words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "give a key that begins with sk_test_" in refused.stderr
    assert not own(CheckoutSession).exists()


def test_an_unknown_scenario_makes_no_session(tallystick: Run) -> None:
    refused = tallystick("trigger", "bogus")
    assert refused.returncode == 2
    assert all(f"'{scenario}'" in refused.stderr for scenario in Scenario.values)
    assert not own(CheckoutSession).exists()


@pytest.mark.parametrize(
    ("slip", "named"),
    [
        (["--api-key", "sk_test_…", "sessions", "list"], "--api-key"),
        (["--url", "http://[::1", "sessions", "list"], "--url"),
        (["--url", "127.0.0.1:8000", "sessions", "list"], "--url"),
        (["--url", "http://127.0.0.1:99999", "sessions", "list"], "--url"),
        (["--url", "http://shop..example", "sessions", "list"], "--url"),
        (["listen", "--forward-to", "http://[::1"], "--forward-to"),
        (["listen", "--forward-to", "ftp://127.0.0.1/hooks"], "--forward-to"),
        (["listen", "--forward-to", "http:///hooks"], "--forward-to"),
        (["listen", "--forward-to", "http://127.0.0.1:1", "--secret", "C2FVsBQIhrscChlQIMV+"], "--secret"),
        (["listen", "--forward-to", "http://127.0.0.1:1", "--secret", "whsec_"], "--secret"),
        (["listen", "--forward-to", "http://127.0.0.1:1", "--secret", "whsec_never!"], "--secret"),
        (["listen", "--forward-to", "http://127.0.0.1:1", "--every", "-1"], "--every"),
        (["trigger", "exact", "--wait", "nan"], "--wait"),
        (["sessions", "get", "cs_\x01"], "id"),
        (["sessions", "cancel", "../cs_1"], "id"),
    ],
)
def test_a_slip_names_its_option(tallystick: Run, slip: list[str], named: str) -> None:
    refused = tallystick(*slip)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"error: argument {named}: " in refused.stderr


def test_the_key_of_the_readme_pasted_as_it_stands() -> None:
    environment = {**ENVIRONMENT, "TALLYSTICK_API_KEY": "sk_test_…"}
    command = [sys.executable, "-m", "tallystick.main", "sessions", "list"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "TALLYSTICK_API_KEY" in run.stderr


def test_bytes_that_are_no_text_are_not_sent(tallystick: Run) -> None:
    refused = tallystick("sessions", "create", "--reference", "\udcff")
    assert refused.returncode == 1
    assert refused.stderr.startswith("This cannot be sent: ")


@pytest.mark.parametrize("page", [b"<h1>Welcome</h1>", b"", b"\xff"])
def test_another_server_is_told_from_tallystick(tallystick: Run, page: bytes) -> None:
    with Receiver() as receiver:
        receiver.answer = (200, page, {"Content-Type": "text/html"})
        refused = tallystick("--url", receiver.url, "sessions", "create")
    assert refused.returncode == 1
    assert refused.stderr == f"What answers at {receiver.url}/api/v1/ is not Tallystick: look at --url.\n"


def test_another_servers_errors_are_told_by_their_number(tallystick: Run) -> None:
    with Receiver() as receiver:
        receiver.answer = (400, b'{"errors": [{"message": "Must provide query string."}]}', {})
        refused = tallystick("--url", receiver.url, "sessions", "create")
    assert (refused.returncode, refused.stderr) == (1, "HTTP 400\n")


def test_a_reader_that_has_enough_ends_it_quietly(command: list[str]) -> None:
    with subprocess.Popen(
        [*command, "sessions", "list", "--json"], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as listing:
        assert listing.stdout
        assert listing.stderr
        listing.stdout.close()
        assert listing.stderr.read() == b""
    assert listing.returncode == 141  # as the shell tells of a closed pipe
