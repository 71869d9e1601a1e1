"""A client that `openapi-python-client` makes from the served description works as a shop would use it."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from sessions_app.watching.watcher import watch
from tests.cast import terms
from tests.waiting import wait_until

PACKAGE = "tallystick_generated"


@pytest.fixture
def client(
    transactional_db: None, live_server: Any, mia_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """The generated client, with Mia's key."""
    programs = Path(sys.executable).parent
    generate = [str(programs / "openapi-python-client"), "generate", f"--url={live_server.url}/api/schema"]
    options = [f"--output-path={tmp_path / PACKAGE}", "--meta=none", "--fail-on-warning"]
    environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    done = subprocess.run([*generate, *options], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield part("client").AuthenticatedClient(base_url=live_server.url, token=mia_key)
    for name in [each for each in sys.modules if each.startswith(PACKAGE)]:
        del sys.modules[name]


def part(name: str) -> ModuleType:
    """A module of the generated package."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def call(name: str, *path: str, client: Any, **given: Any) -> Any:
    """What one call of the checkout API answers, as an object of the client's."""
    return part(f"api.checkout.{name}").sync(*path, client=client, **given)


def test_a_session_is_made_read_listed_and_paid(client: Any) -> None:
    models = part("models")
    body = models.CreateSessionRequest.from_dict(terms(amount=49, allowedAssets=["USDC"], reference="order-1"))
    made = call("create_session", client=client, body=body, idempotency_key="order-1")
    assert (made.status, made.amount, made.metadata["orderId"]) == (models.Status.OPEN, 49, "10482")
    assert call("get_session", made.id, client=client) == made
    assert [each.id for each in call("list_sessions", client=client, status=models.ListSessionsStatus.OPEN)] == [
        made.id
    ]

    paid = models.SimulateRequest(scenario=models.Scenario.EXACT)
    assert call("simulate_session", made.id, client=client, body=paid).payment.amount_due == "49"

    def settled() -> Any:
        watch(network("sandbox"), reader_for(network("sandbox")))
        found = call("get_session", made.id, client=client)
        return found if found.status == models.Status.COMPLETED else None

    completed = wait_until(settled, seconds=20)
    assert completed.payment_status == models.PaymentStatus.PAID
    assert [(each.asset, each.amount) for each in completed.payments] == [("USDC", "49")]


def test_a_refusal_is_an_object_too(client: Any) -> None:
    error = part("models").Error
    answer = call("get_session", "cs_nobodys", client=client)
    assert isinstance(answer, error)
    assert answer.errors[0].code == "not_found"
