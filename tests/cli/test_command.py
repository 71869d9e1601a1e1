"""The `tallystick` command, run against a running server."""

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from sessions_app.models import CheckoutSession
from tests.cli.running import CLI, ENVIRONMENT, Run
from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.receiver import Receiver


def test_a_session_is_made_shown_listed_and_ended(tallystick: Run) -> None:
    made = tallystick("sessions", "create", "--amount", "12.50", "--currency", "EUR", "--metadata", "orderId=7")
    assert made.returncode == 0, made.stderr
    session = own(CheckoutSession).get()
    assert (str(session.amount), session.currency, session.metadata) == ("12.5000", "EUR", {"orderId": "7"})
    assert f'"id": "{session.public_id}"' in tallystick("sessions", "get", session.public_id).stdout
    listed = tallystick("sessions", "list", "--status", "open").stdout
    assert session.public_id in listed
    assert "\x1b[" not in listed  # no colours where no terminal is
    assert "cancelled" in tallystick("sessions", "cancel", session.public_id).stdout
    session.refresh_from_db()
    assert session.status == "cancelled"


def test_what_the_api_refuses_is_said_in_a_sentence(tallystick: Run) -> None:
    refused = tallystick("sessions", "create", "--currency", "JPY", "--amount", "1.5")
    assert refused.returncode == 1
    assert "amount: JPY has no decimals." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_the_api_knows_beside_sessions_is_a_command_each(tallystick: Run) -> None:
    def told(*words: str) -> Any:
        run = tallystick(*words)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout) if run.stdout.startswith(("{", "[")) else run.stdout

    assert told("account", "show")["business"] == "Mia Coffee"
    link = told("links", "create", "--currency", "USD", "--productName", "Mug", "--amount", "9.50")
    assert [each["id"] for each in told("links", "list")] == [link["id"]]
    assert told("links", "off", link["id"]) == "Done.\n"
    made = told("endpoints", "put", "--url", "http://127.0.0.1:9/hooks", "--clientKey", "cli", "--events", "")
    assert told("endpoints", "list")[0]["id"] == made["id"]
    assert told("resend", "endpoint", made["id"]) == {"resent": 0}
    assert told("sessions", "create", "--email", "ada@example.com")["status"] == "open"
    [customer] = told("customers", "list", "--email", "ADA@example.com")
    assert told("customers", "export", customer["id"])["customer"]["email"] == "ada@example.com"
    assert told("issues", "list") == []
    session = own(CheckoutSession).get().public_id
    assert told("refunds", "list", session) == []
    assert tallystick("refunds", "create", session, "--amount", "all").returncode == 1  # nothing came
    assert told("sandbox", "advance", "--seconds", "3600")["expired"] == 1
    assert tallystick("issues", "resolve", "cs_nobodys", "--decision", "accept").returncode == 1
    assert tallystick("links", "get").returncode == 2


@pytest.mark.parametrize("slip", [["--amount", "much"], ["--metadata", "orderId"], ["--nonsense", "1"]])
def test_a_slip_is_one_of_usage(tallystick: Run, slip: list[str]) -> None:
    refused = tallystick("sessions", "create", *slip)
    assert refused.returncode == 2
    assert slip[0] in refused.stderr


def test_no_server_is_said_plainly() -> None:
    command = [sys.executable, "-m", "tallystick.main", "--url", "http://127.0.0.1:1", "--api-key", "sk_test_x"]
    run = subprocess.run([*command, "sessions", "list"], env=ENVIRONMENT, capture_output=True, text=True)
    assert run.returncode == 1
    assert "does not answer" in run.stderr


def test_listen_forwards_signed_events(command: list[str], tallystick: Run) -> None:
    with Receiver() as receiver:
        tallystick("sessions", "create")  # before listening: not forwarded
        secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
        arguments = ["listen", "--forward-to", f"{receiver.url}/hooks", "--secret", secret, "--every", "0.1"]
        with subprocess.Popen([*command, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as listener:
            try:
                assert listener.stdout
                assert secret in listener.stdout.readline()
                listener.stdout.readline()
                tallystick("sessions", "create", "--reference", "order-7")
                wait_until(lambda: receiver.messages, seconds=30)
            finally:
                listener.terminate()
        event = receiver.messages[0].verified(secret)
        assert event["type"] == "checkout.created"
        assert event["data"]["reference"] == "order-7"


def test_its_package_names_a_command_that_exists() -> None:
    package = tomllib.loads((CLI / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = package["project"]["scripts"]["tallystick"].partition(":")
    code = f"import {module}; assert callable({module}.{function})"
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)


def test_amounts_are_exact(tallystick: Run) -> None:
    made = tallystick("sessions", "create", "--amount", "9999999999999999.99")
    assert made.returncode == 0, made.stderr
    assert '"amount": 9999999999999999.99' in made.stdout
    assert str(own(CheckoutSession).get().amount) == "9999999999999999.9900"


@pytest.mark.parametrize("amount", ["NaN", "1e3", "true", "-1", ""])
def test_what_is_no_amount_is_told(tallystick: Run, amount: str) -> None:
    made = tallystick("sessions", "create", f"--amount={amount}")
    assert made.returncode != 0
    assert "Traceback" not in made.stderr
