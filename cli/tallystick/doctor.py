"""`tallystick doctor URL`: what an installation looks like from outside, and how to mend what is wrong with it."""

import argparse
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address

import httpx

from tallystick.client import Refused
from tallystick.terminal import Terminal

OK, LOOK, WRONG = "ok", "look", "wrong"
SECONDS = 5.0
SOON_DAYS = 14
_MOODS = {OK: "good", LOOK: "waiting", WRONG: "bad"}


@dataclass(frozen=True)
class Line:
    """One thing that was looked at."""

    verdict: str
    about: str
    text: str
    cure: str = ""


@dataclass(frozen=True)
class Site:
    """What is looked at, and by what."""

    url: httpx.URL
    http: httpx.Client
    key: str = ""
    page: str = ""  # a payment page of it
    receiver: str = ""  # where webhooks go


Check = Callable[[Site], Iterator[Line]]


def name_is_known(site: Site) -> Iterator[Line]:
    """DNS."""
    try:
        found = sorted({str(each[4][0]) for each in socket.getaddrinfo(site.url.host, None)})
        yield Line(OK, "name", f"{site.url.host} is {', '.join(found)}")
    except OSError:
        yield Line(WRONG, "name", f"{site.url.host} has no address.", "Enter it at your name server: A, AAAA or CNAME.")


def certificate_lasts(site: Site) -> Iterator[Line]:
    """TLS, and when it ends."""
    if site.url.scheme != "https":
        yield Line(LOOK, "TLS", "It is reached by http: all is read along.", "Put a proxy with TLS in front.")
        return
    try:
        with (
            socket.create_connection((site.url.host, site.url.port or 443), timeout=SECONDS) as line,
            ssl.create_default_context().wrap_socket(line, server_hostname=site.url.host) as wrapped,
        ):
            ends_at = ssl.cert_time_to_seconds(str((wrapped.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        yield Line(WRONG, "TLS", f"Browsers do not believe it: {error.verify_message}.", "Renew the certificate.")
        return
    except OSError as error:
        yield Line(WRONG, "TLS", f"No connection: {error}.", "Open port 443, and let the proxy listen there.")
        return
    days = (ends_at - time.time()) / 86_400
    if days > SOON_DAYS:
        yield Line(OK, "TLS", f"good for {days:.0f} days")
    else:
        yield Line(LOOK, "TLS", f"It ends in {days:.0f} days.", "See why your proxy or certbot does not renew it.")


def http_leads_to_https(site: Site) -> Iterator[Line]:
    """The plain address, and HSTS."""
    if site.url.scheme != "https":
        return
    try:
        plain = site.http.get(site.url.copy_with(scheme="http", port=None).join("/accounts/login/"))
        to = plain.headers.get("Location", "")
        if plain.is_redirect and to.startswith("https://"):
            yield Line(OK, "redirect", "http leads to https")
        else:
            yield Line(WRONG, "redirect", f"http answers {plain.status_code} {to}", "Let your proxy lead to https.")
    except httpx.HTTPError:
        yield Line(OK, "redirect", "http is closed")
    if "strict-transport-security" in site.http.get(site.url.join("/accounts/login/")).headers:
        yield Line(OK, "HSTS", "sent")
    else:
        yield Line(LOOK, "HSTS", "not sent.", "Set PUBLIC_URL to this https:// address, and pass our headers on.")


def it_is_up(site: Site) -> Iterator[Line]:
    """The three probes."""
    alive = site.http.get(site.url.join("/healthz"))
    if alive.status_code != 200 or "ok" not in alive.text:
        yield Line(WRONG, "/healthz", f"{alive.status_code}.", "Is it Tallystick, and is its web process up?")
        return
    yield Line(OK, "/healthz", "alive")
    ready = site.http.get(site.url.join("/readyz"))
    said = ready.json()
    for kind, verdict in (("unready", WRONG), ("degraded", LOOK)):
        for name in said.get(kind, []):
            word = said.get(name, "not well")  # more is said to those inside only
            yield Line(verdict, f"/readyz {name}", f"{word}.", "Run manage.py doctor on that machine.")
    if said.get("status") == "ok":
        yield Line(OK, "/readyz", "ready")
    if site.http.get(site.url.join("/metrics")).status_code == 200:
        yield Line(LOOK, "/metrics", "Anybody reads them.", "Set METRICS_TOKEN, or close the path in your proxy.")
    else:
        yield Line(OK, "/metrics", "guarded")


def host_is_guarded(site: Site) -> Iterator[Line]:
    """Our name is taken, and no other."""
    own = site.http.get(site.url.join("/accounts/login/"))
    if own.status_code == 400:
        yield Line(WRONG, "Host", "Its own name is refused.", "Add it to ALLOWED_HOSTS; let the proxy pass Host on.")
    elif own.is_redirect and own.headers["Location"].startswith(str(site.url.join("/accounts/login/"))):
        cure = "Let the proxy send X-Forwarded-Proto, and set TRUSTED_PROXIES."
        yield Line(WRONG, "proxy headers", "It redirects to itself for ever.", cure)
    else:
        yield Line(OK, "Host", "taken")
    other = site.http.get(site.url.join("/accounts/login/"), headers={"Host": "somebody.else.example"})
    if other.status_code == 200:
        yield Line(LOOK, "Host", "Any other name is taken too.", "Name your own hosts in ALLOWED_HOSTS.")


def is_kept_from_others(url: httpx.URL) -> bool:
    """Whether nobody on the way reads what is sent there: by TLS, or because it never leaves this machine."""
    if url.scheme == "https" or url.host == "localhost":
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:  # a name
        return False


def api_answers(site: Site) -> Iterator[Line]:
    """Without a key, with one, and to other pages' scripts."""
    origin = {"Origin": "https://somebody.else.example"}
    answer = site.http.get(site.url.join("/api/v1/checkout"), headers=origin)
    try:
        code = answer.json()["errors"][0]["code"]
    except (ValueError, LookupError, TypeError):
        code = ""
    if answer.status_code == 401 and code:
        yield Line(OK, "API", f"without a key 401 {code}")
    else:
        cure = "Let the proxy pass /api on, with its answers as they are."
        yield Line(WRONG, "API", f"Without a key it answers {answer.status_code}, not a 401 in our shape.", cure)
    if answer.headers.get("Access-Control-Allow-Origin"):
        cure = "Take Access-Control-… out of your proxy: keys are for servers."
        yield Line(WRONG, "CORS", "Scripts of any page may call the API.", cure)
    else:
        yield Line(OK, "CORS", "no page's script may call the API")
    if site.key and not is_kept_from_others(site.url):
        cure = "Ask again by https: a key that was sent in clear is anybody's."
        yield Line(LOOK, "key", "Not tried: by http it would be read along.", cure)
    elif site.key:
        known = site.http.get(site.url.join("/api/v1/account"), headers={"Authorization": f"Bearer {site.key}"})
        if known.status_code == 200:
            yield Line(OK, "key", f"taken, of {known.json().get('business', '?')}")
        else:
            cure = "Is it of this installation, not revoked, and does the proxy pass Authorization on?"
            yield Line(WRONG, "key", f"It answers {known.status_code}.", cure)


def pages_are_shut(site: Site) -> Iterator[Line]:
    """What browsers are told of pages of money."""
    page = site.http.get(httpx.URL(site.page) if site.page else site.url.join("/pay/pg_00000000000000000000000000"))
    policy = page.headers.get("Content-Security-Policy", "")
    if "default-src" in policy or "script-src" in policy:
        yield Line(OK, "CSP", "payment pages run no strangers' scripts")
    else:
        yield Line(WRONG, "CSP", "The payment page has none.", "Let the proxy pass Content-Security-Policy on.")
    if "unsafe-inline" in policy:
        yield Line(WRONG, "CSP", "Somebody added unsafe-inline.", "Let the proxy pass our own header on, unchanged.")


def receiver_answers(site: Site) -> Iterator[Line]:
    """A message without a signature: a good receiver refuses it."""
    if not site.receiver:
        return
    answer = site.http.post(site.receiver, json={"type": "doctor.unsigned"})
    if answer.is_success:
        cure = "Verify the signature before anything else: docs, Webhooks."
        yield Line(WRONG, "receiver", "It takes a message that nobody signed.", cure)
    elif answer.status_code in (400, 401, 403):
        yield Line(OK, "receiver", f"it is there, and refuses what is not signed ({answer.status_code})")
    else:
        yield Line(LOOK, "receiver", f"It answers {answer.status_code} to a message without a signature.",
                   "400, 401 or 403 would be right; a redirect or 404 is another address.")  # fmt: skip


CHECKS: tuple[Check, ...] = (
    name_is_known, certificate_lasts, http_leads_to_https, it_is_up, host_is_guarded, api_answers, pages_are_shut,
    receiver_answers,
)  # fmt: skip


def examine(site: Site) -> list[Line]:
    """All of them at once, told in their order."""
    with ThreadPoolExecutor(len(CHECKS)) as askers:
        return [line for lines in askers.map(lambda check: list(_safely(check, site)), CHECKS) for line in lines]


def _safely(check: Check, site: Site) -> Iterator[Line]:
    about = check.__name__.replace("_", " ")
    try:
        yield from check(site)
    except (httpx.HTTPError, ValueError) as error:
        yield Line(WRONG, about, f"It could not be asked: {error}", "See name and TLS first, then proxy and web.")


def run(terminal: Terminal, options: argparse.Namespace) -> None:
    """A line for each, with its cure. Raises Refused when something is wrong."""
    with httpx.Client(timeout=SECONDS, follow_redirects=False) as http:
        site = Site(
            url=httpx.URL(options.site), http=http, key=options.api_key or "", page=options.page or "",
            receiver=options.receiver or "",
        )  # fmt: skip
        found = examine(site)
    for each in found:
        terminal.line(f"{terminal.paint(f'{each.verdict:<6}', _MOODS[each.verdict])} {each.about}: {each.text}")
        if each.cure:
            terminal.line(f"         → {each.cure}")
    if wrong := sum(each.verdict == WRONG for each in found):
        raise Refused(f"{wrong} wrong.")
