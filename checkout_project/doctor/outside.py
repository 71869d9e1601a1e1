"""What others see of us, and whether we reach them: PUBLIC_URL from outside, mail, endpoints, certificates."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from checkout_project.doctor.findings import SECONDS, Finding, look, ok, wrong
from checkout_project.doctor.inside import is_only_for_here
from checkout_project.neighbours.places import Place, places
from checkout_project.neighbours.told import SOON
from common.mail_backends import CONSOLE, NOWHERE
from common.network.certificates import Certificate
from common.network.outbound_http import SystemResolver, reach
from webhooks_app.endpoints.endpoints import outbound_rules
from webhooks_app.models import WebhookEndpoint

# Hosts that are called at once, and the endpoints among which they are found.
_MOST_HOSTS, _MOST_LOOKED_THROUGH = 20, 500
_WAY_OUT = "That many fail when the way out is shut: open ports 80 and 443 to the world for workers."

_CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def public_url_answers() -> Iterator[Finding]:
    """As somebody sees it who types PUBLIC_URL: name, https, Host, proxy headers, forms."""
    url = settings.PUBLIC_URL
    with httpx.Client(base_url=url, timeout=SECONDS / 2, trust_env=False) as client:
        try:
            alive = client.get("/healthz")
        except httpx.HTTPError as error:
            yield look(
                "PUBLIC_URL",
                f"{url} cannot be reached from here: {error}.",
                "Ask from elsewhere, as some networks lead nobody back to themselves: `tallystick doctor "
                f"{url}`. If that fails too, look at name server, firewall, proxy, web process.",
            )
            return
        if alive.status_code != 200 or alive.json() != {"status": "ok"}:
            yield wrong(
                "PUBLIC_URL",
                f"{url}/healthz answers {alive.status_code}, and not as Tallystick does.",
                "The proxy leads somewhere else: let it pass all paths on to the web process.",
            )
            return
        yield ok("PUBLIC_URL", f"{url} leads to a Tallystick")
        yield from _forms(client, url)


def _forms(client: httpx.Client, url: str) -> Iterator[Finding]:
    """Signing in with nothing typed: refused by the form if all is well, by the guard against forgery if not."""
    page = client.get("/accounts/login/")
    if page.status_code == 400:
        yield wrong(
            "Host",
            "The sign-in page answers 400.",
            "Let the proxy pass the Host header on as it came, and name that host in ALLOWED_HOSTS.",
        )
        return
    if page.is_redirect:
        yield wrong(
            "proxy headers",
            f"{url} redirects to itself: {page.headers['Location']}.",
            "Let the proxy send X-Forwarded-Proto, and set TRUSTED_PROXIES to the number of your proxies.",
        )
        return
    yield ok("Host", "taken")
    if settings.SECURE and "strict-transport-security" not in page.headers:
        yield look("HSTS", "The answer has no Strict-Transport-Security.", "Let the proxy pass our headers on.")
    token = _CSRF_FIELD.search(page.text)
    form = {"csrfmiddlewaretoken": token.group(1) if token else "", "login": "", "password": ""}
    sent = client.post("/accounts/login/", data=form, headers={"Origin": url, "Referer": f"{url}/accounts/login/"})
    if sent.status_code == 403:
        yield wrong(
            "CSRF",
            "A form sent from our own page is refused (403).",
            "PUBLIC_URL must be what browsers show, with https:// if they do, and the proxy must pass Host and "
            "cookies on.",
        )
    else:
        yield ok("CSRF", "forms from PUBLIC_URL are taken")


def certificates_last() -> Iterator[Finding]:
    """Ours, and those of whom we call."""
    shown = [each for each in places() if each.tls]
    with ThreadPoolExecutor(max(1, min(len(shown), 32))) as askers:
        found = askers.map(lambda each: each.certificate(seconds=SECONDS), shown)
    for place, certificate in zip(shown, found, strict=True):
        yield of_certificate(place, certificate)


def of_certificate(place: Place, found: Certificate) -> Finding:
    """In a line."""
    about = f"certificate of {place.label}"
    if found.problem:
        cure = f"Look at DNS, the way out of here, and {' and '.join(place.names)}."
        return wrong(about, found.problem, place.renewal if found.is_refused else cure)
    if found.days < SOON.days:
        return look(about, f"It ends in {found.days:.0f} days.", place.renewal)
    return ok(about, f"good for {found.days:.0f} days")


def mail_leaves(to: str = "") -> Iterator[Finding]:
    """Whether the mail server takes us; with `to`, whether it takes a letter."""
    if settings.EMAIL_BACKEND in (NOWHERE, CONSOLE):
        kept = "are printed only" if settings.EMAIL_BACKEND == CONSOLE else "go nowhere"
        tell = look if settings.DEBUG or is_only_for_here() else wrong
        yield tell(
            "mail",
            f"Letters {kept}: nobody can be invited or replace a password.",
            "Set EMAIL_HOST to your mail server (docs/configuration.md, Letters).",
        )
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with get_connection(timeout=SECONDS) as server:
            if to:
                text = f"This is the test letter that manage.py doctor was asked for, from {settings.PUBLIC_URL}."
                EmailMessage("Tallystick: a test letter", text, to=[to], connection=server).send()
    except OSError as error:
        yield wrong(
            "mail",
            f"{where} does not take it: {error}",
            "Look at EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS (587) or EMAIL_USE_SSL (465), user and password.",
        )
        return
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        yield look(
            "mail",
            f"Letters come from {settings.DEFAULT_FROM_EMAIL}: most servers drop that.",
            "Set DEFAULT_FROM_EMAIL to an address of your domain.",
        )
    done = f"took a letter to {to}: is it there?" if to else "takes us (--mail-to ADDRESS sends a letter)"
    yield ok("mail", f"{where} {done}")


def webhooks_get_out() -> Iterator[Finding]:
    """Endpoints that fail, and whether the way to their hosts is open at all."""
    used = WebhookEndpoint.objects.filter(disabled_at=None, deleted_at=None)
    failing = list(used.exclude(failing_since=None).order_by("failing_since").values_list("url", flat=True)[:3])
    hosts = {urlsplit(url).hostname or "" for url in failing}
    count, bad = used.count(), used.exclude(failing_since=None).count()
    if not bad:
        yield ok("webhooks", f"none of {count} endpoints fails")
    elif bad > 2 and bad * 2 > count:
        yield wrong(
            "webhooks",
            f"{bad} of {count} endpoints fail, among them {', '.join(sorted(hosts))}.",
            _WAY_OUT,
        )
    else:
        yield look(
            "webhooks",
            f"{bad} of {count} endpoints fail, among them {', '.join(sorted(hosts))}.",
            "Their owners are written to. /admin, Webhook deliveries, says what each answered.",
        )
    urls = dict[str, str]()  # one for each of the hosts that were named last
    for url in used.order_by("-pk").values_list("url", flat=True)[:_MOST_LOOKED_THROUGH]:
        urls.setdefault(urlsplit(url).netloc, url)
    if urls:
        yield of_lines(asyncio.run(_reached(dict(islice(urls.items(), _MOST_HOSTS)))))


def of_lines(found: Mapping[str, str]) -> Finding:
    """By host what is in the way; empty: it was reached."""
    shut = [f"{host} ({why})" for host, why in found.items() if why]
    named = ", ".join(shut[:3]) + (" …" if shut[3:] else "")
    if not shut:
        return ok("webhooks", f"every host of an endpoint can be reached from here ({len(found)})")
    if len(shut) == len(found):
        return wrong("webhooks", f"No host of an endpoint can be reached from here: {named}.", _WAY_OUT)
    cure = "The others can, so it is theirs to mend, unless their name or port is shut here."
    return look("webhooks", f"{len(shut)} of {len(found)} hosts of endpoints cannot be reached: {named}.", cure)


async def _reached(urls: Mapping[str, str]) -> dict[str, str]:
    """By host as `of_lines` wants it, of one URL of each."""
    resolver = SystemResolver()

    async def reached(url: str) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                await reach(url, outbound_rules(), resolver)
        except TimeoutError:
            return "it says nothing"
        except OSError as error:
            return error.strerror or str(error)
        return ""

    try:
        return dict(zip(urls, await asyncio.gather(*map(reached, urls.values())), strict=True))
    finally:
        await resolver.close()
