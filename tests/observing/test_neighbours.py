"""Names that lead nowhere and certificates that end are seen within a minute, by whoever looks."""

import json
import socketserver
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as threads
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from checkout_project import tasks
from checkout_project.jobs.pulses import redis_at
from checkout_project.jobs.schedule import BEAT_SCHEDULE
from checkout_project.neighbours import looking, told
from checkout_project.neighbours.looking import look_at
from checkout_project.neighbours.places import Place, places
from checkout_project.neighbours.told import Neighbour
from common.network import certificates
from common.network.certificates import Certificate, Tls, certificate_of
from tests.certificates import make_certificate
from tests.operators import Operator
from tests.waiting import wait_until
from tests.webhooks_app.receiver import Receiver

pytestmark = pytest.mark.usefixtures("looks_each_time")
DAY = 86_400
SEEN = "checkout_project.neighbours.places.certificate_of"
GONE = Place(host="nobody.invalid", port=443, tls=Tls.AT_ONCE, names=("RPC_URL_BASE",))


@pytest.fixture
def shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ssl.SSLContext]:
    """For a server: a certificate that this process believes."""

    def make(name: str = "127.0.0.1", *, days: int) -> ssl.SSLContext:
        certificate, key = make_certificate(tmp_path, name, days=days)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate, key)
        ours = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(certificates, "trusted", lambda: ours)
        return server

    return make


def here(port: int, *names: str, tls: Tls | None = Tls.AT_ONCE) -> Place:
    return Place(host="127.0.0.1", port=port, tls=tls, names=names)


def test_readyz_numbers_and_the_operators_page_tell(
    client: Client, operator: Operator, shows: Callable[..., ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    assert not {"dns", "certificates"} & set(client.get("/readyz").json())  # nobody has looked
    with Receiver(tls=shows(days=6)) as server:
        ours = here(server.port, "PUBLIC_URL")
        monkeypatch.setattr(tasks, "places", lambda: [ours, GONE])
        tasks.look_at_neighbours()
    ready = client.get("/readyz").json()
    assert ready["certificates"] == f"127.0.0.1:{server.port}: ends in 6 days"
    assert ready["dns"].startswith("RPC_URL_BASE: no name server ")
    assert {"certificates", "dns"} <= set(ready["degraded"])
    assert "nobody.invalid" not in str(ready)
    numbers = client.get("/metrics").content.decode()
    left = float(numbers.partition(f'seconds_left{{host="{ours.label}"}} ')[2].split()[0])
    assert 6 * DAY < left < 6 * DAY + 3601
    assert 'tallystick_dns_up{host="127.0.0.1"} 1.0' in numbers
    assert 'tallystick_dns_up{host="nobody.invalid"} 0.0' in numbers
    page = operator.read("")
    assert f"The certificate of 127.0.0.1:{server.port} ends in 6 days" in page
    assert "Buyers and shops cannot come from then on. Renew it" in page
    assert "nobody.invalid has no address: no name server " in page
    assert "Nothing can be asked there (RPC_URL_BASE)." in page


@pytest.mark.parametrize(
    ("name", "days", "why"), [("127.0.0.1", -1, "certificate has expired"), ("shop.example", 9, "mismatch")]
)
def test_a_certificate_that_nobody_believes(
    client: Client, operator: Operator, shows: Callable[..., ssl.SSLContext], name: str, days: int, why: str
) -> None:
    with Receiver(tls=shows(name, days=days)) as server:
        ours = here(server.port, "PUBLIC_URL")
        told.keep(look_at([ours], known={}))
    assert client.get("/readyz").json()["certificates"] == f"{ours.label}: not believed"
    assert f'tallystick_certificate_seconds_left{{host="{ours.label}"}} 0.0' in client.get("/metrics").content.decode()
    page = operator.read("")
    assert f"The certificate of {ours.label} is not good any more" in page
    assert why in page


@pytest.mark.parametrize("last", ["what ends last", "what ends first", "what is not believed"])
def test_of_one_port_that_is_looked_at_in_several_ways_the_worst_is_told(client: Client, db: None, last: str) -> None:
    ways = {
        "what ends last": Neighbour(place=here(5432, "DATABASE_URL", tls=Tls.POSTGRESQL), left=90.0 * DAY),
        "what ends first": Neighbour(place=here(5432, "RPC_URL_BASE"), left=5.0 * DAY),
        "what is not believed": Neighbour(place=here(5432, "KRAKEN_URL"), left=60.0 * DAY, problem="mismatch"),
    }
    found = sorted(ways.values(), key=lambda each: each is ways[last])
    told.keep(found)
    assert 'tallystick_certificate_seconds_left{host="127.0.0.1:5432"} 0.0' in client.get("/metrics").content.decode()
    told.keep([each for each in found if not each.problem])
    numbers = client.get("/metrics").content.decode()
    left = float(numbers.partition('seconds_left{host="127.0.0.1:5432"} ')[2].split()[0])
    assert 4 * DAY < left <= 5 * DAY


class _Mail(socketserver.StreamRequestHandler):
    """Begins in clear, as mail servers do."""

    context: ssl.SSLContext

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            self.wfile.write(b"220 go on\r\n" if line[:8].upper() == b"STARTTLS" else b"250-us\r\n250 STARTTLS\r\n")
            if line[:8].upper() == b"STARTTLS":
                self.context.wrap_socket(self.connection, server_side=True).recv(1)
                return


@pytest.fixture
def mail_port(shows: Callable[..., ssl.SSLContext]) -> Iterator[int]:
    """Of a mail server whose certificate ends in three days."""
    handler = type("Handler", (_Mail,), {"context": shows(days=3)})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_mail_server_is_asked_for_its_certificate(mail_port: int) -> None:
    assert 3 < certificate_of("127.0.0.1", mail_port, seconds=5, tls=Tls.SMTP).days < 3.1
    assert "does not answer on port" in certificate_of("127.0.0.1", 1, seconds=5, tls=Tls.SMTP).problem


def test_a_name_server_that_hangs_holds_nobody_and_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    over, asked = Event(), []

    def hang(*given: object, **_more: object) -> list[object]:
        asked.append(given)
        over.wait(10)
        return []

    monkeypatch.setattr(looking.socket, "getaddrinfo", hang)
    for _ in range(2):
        [found] = look_at([GONE], known={}, seconds=0.1)
        assert found.name_problem == "no name server answers in time"
    over.set()
    assert len(asked) == 1


def test_what_is_kept_has_a_key_of_its_form() -> None:
    """Whoever changes the one changes the other: while an upgrade rolls, former processes read on what they wrote."""
    told.keep([Neighbour(place=GONE)])
    [kept] = json.loads(str(redis_at(settings.REDIS_URL).get("tallystick:neighbours:3")))["found"]
    assert list(kept) == ["place", "name_problem", "left", "problem"]
    assert list(kept["place"]) == ["host", "port", "tls", "names", "trust"]


@pytest.mark.parametrize("setting", ["RPC_URL_BASE", "PUBLIC_URL"])
def test_a_certificate_is_seen_at_each_look(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setattr(
        "checkout_project.neighbours.places.certificate_of", lambda *_place, **_how: Certificate(days=90)
    )
    place = here(443, setting)
    [found] = look_at([place], known={place: Neighbour(place=place, left=60.0 * DAY)})
    assert found == Neighbour(place=place, left=90.0 * DAY)


@pytest.mark.parametrize(
    ("setting", "word", "cure"),
    [
        ("PUBLIC_URL", "ok", "Lead its name to the proxy from here, too (/etc/hosts)"),
        ("RPC_URL_BASE", "RPC_URL_BASE: nobody could see it", "Look at the way out of here."),
    ],
)
def test_a_certificate_that_nobody_could_see_is_not_called_good(
    client: Client, operator: Operator, setting: str, word: str, cure: str
) -> None:
    told.keep(look_at([here(1, setting), here(1, "KRAKEN_URL", tls=None)], known={}))
    assert client.get("/readyz").json()["certificates"] == word
    assert "tallystick_certificate_seconds_left{" not in client.get("/metrics").content.decode()
    page = operator.read("")
    assert "Nobody could see the certificate of 127.0.0.1:1" in page
    assert cure in page


def test_of_a_host_that_is_down_what_was_seen_before_stands() -> None:
    place = here(1, "PUBLIC_URL")
    known = Neighbour(place=place, left=5.0 * DAY)
    assert look_at([place], known={place: known}) == [known]
    assert look_at([place], known={})[0].left is None


def test_what_a_look_found_after_nobody_waited_for_it_is_taken_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, place = Event(), here(443, "RPC_URL_BASE")

    def late(*_place: object, **_how: object) -> Certificate:
        answers.wait(10)
        answers.clear()
        return Certificate(days=90)

    monkeypatch.setattr(SEEN, late)
    assert look_at([place], known={}, seconds=0.05)[0].left is None
    answers.set()
    wait_until(lambda: not any(each.name == "neighbour" for each in threads()))
    [found] = look_at([place], known={}, seconds=0.05)
    answers.set()
    assert found.left == 90.0 * DAY


def test_what_was_seen_grows_older_by_redis_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Neighbour(place=GONE, name_problem="no name server knows it", left=100.0)
    monkeypatch.setattr(told, "redis_seconds", lambda _client: 1_000.0)
    told.keep([seen])
    monkeypatch.setattr(told, "redis_seconds", lambda _client: 1_060.0)
    [found] = told.neighbours() or []
    assert found == Neighbour(place=GONE, name_problem=seen.name_problem, left=40.0)


def test_it_is_looked_at_within_a_minute_and_no_oftener(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    monkeypatch.setattr(tasks, "look_at", lambda found, **_known: looks.append(found) or [])
    cache.clear()
    tasks.look_at_neighbours()
    tasks.look_at_neighbours()
    assert len(looks) == 1
    jobs = [each for each in BEAT_SCHEDULE.values() if each["task"] == tasks.look_at_neighbours.name]
    assert [30 <= each["schedule"].run_every.total_seconds() < 60 for each in jobs] == [True]


def test_who_is_looked_at_follows_the_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FACILITATOR_URL", "COINBASE_URL", "KRAKEN_URL", "EMAIL_HOST"):
        setattr(settings, name, "")
    assert places() == []
    settings.SECURE, settings.PUBLIC_URL = True, "https://pay.mia.example"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "smtp.mia.example", 587, True
    settings.COINBASE_URL = "https://rates.example/v2"
    monkeypatch.setenv("RPC_URL_BASE", "https://n.example/KEY,http://node:8545,http://localhost:1,https://127.1:2")
    monkeypatch.setenv("RPC_URL_POLYGON", "https://n.example/OTHER-KEY")
    found = {each.label: (each.names, each.tls) for each in places()}
    assert found == {
        "pay.mia.example": (("PUBLIC_URL",), Tls.AT_ONCE),
        "n.example": (("RPC_URL_BASE", "RPC_URL_POLYGON"), Tls.AT_ONCE),
        "node:8545": (("RPC_URL_BASE",), None),
        "rates.example": (("COINBASE_URL",), Tls.AT_ONCE),
        "smtp.mia.example:587": (("EMAIL_HOST",), Tls.SMTP),
    }
