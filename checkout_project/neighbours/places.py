"""Which hosts these are, by the settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from chains_app.networks.networks import enabled_networks
from checkout_project.neighbours import servers
from common.modes import Mode
from common.network.certificates import USUAL, Certificate, Tls, Trust, certificate_of
from common.network.public_addresses import is_this_machine

OURS = "PUBLIC_URL"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A port of a host."""

    host: str
    port: int
    tls: Tls | None  # None: what is said there goes in clear
    names: tuple[str, ...]  # of the settings that lead there
    trust: Trust = USUAL

    @property
    def is_ours(self) -> bool:
        """Whether buyers and shops come to us by it."""
        return OURS in self.names

    @property
    def label(self) -> str:
        """For people and numbers."""
        return self.host if self.port == _PORTS["https"] else f"{self.host}:{self.port}"

    @property
    def renewal(self) -> str:
        """What helps where its certificate ends."""
        if self.is_ours:
            return "Renew it: see what your proxy or certbot says."
        if servers.NAMES & {*self.names}:
            return (
                "Renew it there and let that server read it (PostgreSQL: SELECT pg_reload_conf(); Redis: CONFIG SET "
                "tls-cert-file), or tell who runs it."
            )
        return f"Tell the provider, or name another host in {' and '.join(self.names)}."

    def certificate(self, *, seconds: float) -> Certificate:
        """As it is now. Only where there is one."""
        assert self.tls
        return certificate_of(self.host, self.port, seconds=seconds, tls=self.tls, trust=self.trust)


def places() -> list[Place]:
    """Each once, ours first. This very machine is left out: it needs no name server, and nobody's word."""
    found: dict[tuple[str, int, Tls | None, Trust], list[str]] = {}
    for name, *place in _led_to():
        found.setdefault(tuple(place), []).append(name)  # type: ignore[arg-type]
    return [
        Place(host=host, port=port, tls=tls, trust=trust, names=tuple(names))
        for (host, port, tls, trust), names in found.items()
        if host and not is_this_machine(host)
    ]


def _led_to() -> Iterator[tuple[str, str, int, Tls | None, Trust]]:
    for name, url in _urls():
        parts = urlsplit(url)
        if parts.scheme in _PORTS:
            tls = Tls.AT_ONCE if parts.scheme == "https" else None
            yield name, parts.hostname or "", parts.port or _PORTS[parts.scheme], tls, USUAL
    tls = Tls.AT_ONCE if settings.EMAIL_USE_SSL else Tls.SMTP if settings.EMAIL_USE_TLS else None
    yield "EMAIL_HOST", settings.EMAIL_HOST, settings.EMAIL_PORT, tls, USUAL
    yield from servers.servers()


def _urls() -> Iterator[tuple[str, str]]:
    if settings.SECURE:  # what goes in clear may well be known on a local network only
        yield OURS, settings.PUBLIC_URL
    for network in [each for mode in Mode for each in enabled_networks(mode)]:
        yield from ((network.rpc_variable, url) for url in network.rpc_urls)
    if enabled_networks(Mode.LIVE):
        yield "COINBASE_URL", settings.COINBASE_URL
        yield "KRAKEN_URL", settings.KRAKEN_URL
    yield "FACILITATOR_URL", settings.FACILITATOR_URL
