"""The part of `bench.whole.two_machines` that runs on the database of its own."""

import asyncio
import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import django
import httpx

django.setup()

from django.db import connection  # noqa: E402  (Django must be set up before)
from django.utils import timezone  # noqa: E402
from redis import Redis  # noqa: E402

from bench.api.calls import creates  # noqa: E402
from bench.tools.figures import figure, least, most  # noqa: E402
from bench.tools.load import Result, drive  # noqa: E402
from bench.tools.servers import ROOT  # noqa: E402
from chains_app.networks.networks import network  # noqa: E402
from checkout_project.processes import commands  # noqa: E402
from checkout_project.running import children  # noqa: E402
from checkout_project.running.embedded import Valkey  # noqa: E402
from merchants_app.keys.api_keys import create_key  # noqa: E402
from merchants_app.models import Member, Merchant, Role, Treasury, User  # noqa: E402
from sessions_app.models import CheckoutSession, Payment  # noqa: E402
from sessions_app.paying.quoting import choose_option  # noqa: E402
from sessions_app.paying.scenarios import simulate  # noqa: E402
from webhooks_app.endpoints.endpoints import create_endpoint  # noqa: E402
from webhooks_app.models import Delivery, Event  # noqa: E402

WAIT_SECONDS = 240.0
CONNECTIONS = 4
# What two machines carry of one's, where there is a core for each of them, PostgreSQL, the receiver and the generator.
TWICE, ENOUGH_CORES = 1.8, 6
PROCESSES = commands()
# Whatever is left out of a number or told twice.
_WRONG = {
    "events without their number": """
        SELECT count(*) FROM (SELECT subject FROM webhooks_app_event GROUP BY subject
        HAVING count(*) <> max(subject_sequence) OR count(DISTINCT subject_sequence) <> count(*)) AS wrong""",
    "doubled deliveries": """
        SELECT count(*) - count(DISTINCT (event_id, endpoint_id)) FROM webhooks_app_delivery""",
    "events without a delivery": """
        SELECT count(*) FROM webhooks_app_event AS event WHERE NOT EXISTS (
            SELECT FROM webhooks_app_delivery WHERE event_id = event.id)""",
    "deliveries that did not arrive": "SELECT count(*) FROM webhooks_app_delivery WHERE state <> 'succeeded'",
    "doubled payments": "SELECT count(*) - count(DISTINCT session_id) FROM sessions_app_payment",
}


class Machine:
    """A network namespace on one core, reached at 10.213.<number>.2; from there the outside is 10.213.<number>.1."""

    def __init__(self, number: int) -> None:
        self.name, self.net = f"tally-{os.getpid()}-{number}", f"10.213.{number}"
        self.core = (number - 1) % (os.cpu_count() or 1)
        self.url = f"http://{self.net}.2:8000"
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Machine":
        here, there = f"th{os.getpid() % 10**6}{self.net[-1]}", f"tt{os.getpid() % 10**6}{self.net[-1]}"
        _ip("netns", "add", self.name)
        _ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
        _ip("addr", "add", f"{self.net}.1/24", "dev", here)
        _ip("link", "set", here, "up")
        for command in (f"addr add {self.net}.2/24 dev {there}", f"link set {there} up", "link set lo up",
                        f"route add default via {self.net}.1"):  # fmt: skip
            _ip("-n", self.name, *command.split())
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            children.stop(process)
        _ip("netns", "del", self.name)

    def start(self, env: dict[str, str], log: Path) -> None:
        """Web, worker and clock; returns when it answers."""
        for kind in ("web", "worker", "beat"):
            place = ["ip", "netns", "exec", self.name, "taskset", "-c", str(self.core)]
            with (log / f"{self.name}-{kind}.log").open("ab") as output:
                own = env | {"HOST": f"{self.net}.2", "PORT": "8000"}
                self._running.append(
                    children.start([*place, "/bin/sh", "-c", PROCESSES[kind]], env=own, output=output, folder=ROOT)
                )
        _until(lambda: _answers(f"{self.url}/healthz"), "its web process")


def main() -> int:
    """Prints what one and two carry; 1 when something was lost or doubled."""
    seconds, payments = float(sys.argv[1]), int(sys.argv[2])
    received: Counter[str] = Counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tallystick-two-")))
        machines = [stack.enter_context(Machine(number)) for number in (1, 2)]
        key = _shop(_receive(received))
        env = os.environ | {
            "REDIS_URL": stack.enter_context(_redis(folder)),
            "ALLOWED_HOSTS": ",".join(f"{machine.net}.2" for machine in machines),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }
        machines[0].start(env, folder)
        one, sent_by_one = _sell(machines[:1], key, seconds), _sent()
        machines[1].start(env, folder)
        two, sent_by_two = _sell(machines, key, seconds), _sent()
        _pay(payments)
        _sent()
    cores = len(os.sched_getaffinity(0))
    goal = least(TWICE) if cores >= ENOUGH_CORES else None
    if goal is None:
        print(
            f"no goal for what two machines carry: servers and generator take their part of {cores} cores", flush=True
        )
    ratio, sent_ratio = two / one, sent_by_two / sent_by_one
    good = figure(f"creates by two machines, on {cores} cores", two, "a second", ratio=ratio, floor="one", goal=goal)
    good &= figure("deliveries by two machines", sent_by_two, "a second", ratio=sent_ratio, floor="one", goal=goal)
    return 0 if _nothing_wrong(received, payments) and good else 1


def _sell(machines: list[Machine], key: str, seconds: float) -> float:
    """Creates a second."""

    async def sell() -> list[Result]:
        return await asyncio.gather(
            *(drive(each.url, creates(each.url, key), connections=CONNECTIONS, seconds=seconds) for each in machines)
        )

    results = asyncio.run(sell())
    assert not any(result.wrong for result in results), [result.wrong for result in results]
    return sum(result.rate for result in results)


def _sent() -> float:
    """Waits until nothing is to be sent any more; deliveries a second until then."""
    before, began = _arrived(), time.monotonic()
    _until(lambda: not Delivery.objects.filter(state="pending").exists(), "the queue")
    return (_arrived() - before) / (time.monotonic() - began)


def _arrived() -> int:
    return Delivery.objects.filter(state="succeeded").count()


def _pay(payments: int) -> None:
    for session in CheckoutSession.objects.order_by("-id")[:payments]:
        choose_option(session=session, asset="USDC", network=network("sandbox").id, now=timezone.now())
        simulate(session=session, scenario="exact", now=timezone.now())
    _until(lambda: CheckoutSession.objects.filter(status="completed").count() == payments, "paying")


def _nothing_wrong(received: Counter[str], payments: int) -> bool:
    good = True
    with connection.cursor() as cursor:
        for what, statement in _WRONG.items():
            cursor.execute(statement)
            good &= figure(what, cursor.fetchone()[0], "of two machines", goal=most(0))
    told = set(Event.objects.values_list("public_id", flat=True))
    good &= figure("events that the shop never got", len(told - received.keys()), "of two machines", goal=most(0))
    twice = sum(number - 1 for number in received.values())
    good &= figure("messages that it got twice", twice, "of two machines", goal=most(0))
    return good & figure("payments not counted once", abs(Payment.objects.count() - payments), "", goal=most(0))


def _shop(port: int) -> str:
    """A key of a shop that listens."""
    shop = Merchant.objects.create(name="Two machines")
    Member.objects.create(merchant=shop, user=User.objects.create_user("two@bench.example"), role=Role.OWNER)
    Treasury.objects.create(merchant=shop, mode="test", address="0x" + "11" * 20, active_from=timezone.now())
    create_endpoint(merchant=shop, mode="test", url=f"http://10.213.1.1:{port}/ok", actor="bench")
    return create_key(merchant=shop, mode="test", name="bench")[1]


def _receive(received: Counter[str]) -> int:
    """Counts messages by their ids, in a thread; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # the sender has hung up
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower():
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(fields["content-length"]))
                received[fields["webhook-id"]] += 1
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    port, loop = children.free_port(), asyncio.new_event_loop()
    loop.run_until_complete(asyncio.start_server(answer, "0.0.0.0", port))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return port


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """A Valkey that both machines reach; its address."""
    valkey = Valkey(folder=folder / "valkey", password=secrets.token_urlsafe(16))
    valkey.start()
    try:
        with Redis.from_url(valkey.url) as client:
            client.config_set("bind", "0.0.0.0")
        yield valkey.url.replace("127.0.0.1", "10.213.1.1")
    finally:
        valkey.stop()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took more than {WAIT_SECONDS:.0f} s")
        time.sleep(0.1)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


if __name__ == "__main__":
    sys.exit(main())
