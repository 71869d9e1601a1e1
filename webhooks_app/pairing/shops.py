"""Who may be connected, and what a connected shop gets: a key and an endpoint, by the rules for both."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction

from common.network.public_addresses import OWN_MACHINE
from merchants_app.audit import record
from merchants_app.businesses.suspension import why_closed
from merchants_app.keys.api_keys import create_key
from merchants_app.models import ApiKey, Member, Merchant, Role, User
from merchants_app.powers import Power, may
from webhooks_app.endpoints.endpoints import change_endpoint, put_endpoint, rotate_secret
from webhooks_app.errors import CannotConnect
from webhooks_app.models import WebhookEndpoint
from webhooks_app.pairing.codes import Consent, keep

LONGEST_URL = 2000
_HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What the shop is handed, this once."""

    merchant: Merchant
    key: ApiKey
    secret: str
    endpoint: WebhookEndpoint | None
    signing_secret: str


def origin_of(url: str) -> str | None:
    """`https://shop.example` of a URL that a shop may be at: https, or plain http on the owner's own machine."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' "\\#'):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or not _HOST.fullmatch(host) or parts.username is not None or parts.password is not None:
        return None
    if parts.scheme != "https" and not (parts.scheme == "http" and host in OWN_MACHINE):
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def owned_by(user: User) -> list[Merchant]:
    """The businesses that this person may connect shops to, those that are open."""
    own = Member.objects.filter(user=user, role=Role.OWNER, merchant__suspended_at=None)
    return [member.merchant for member in own.select_related("merchant").order_by("id")]


def allow(code: str, consent: Consent, *, by: User) -> None:
    """An owner has said yes: kept under the code, and written down. Raises ConnectLater while Redis is away."""
    keep(code, consent)
    _record(consent, "shop.allowed", by)


def connect(consent: Consent) -> Connected:
    """The key, and the endpoint if one was allowed. What made the consent right must hold still.

    An endpoint that this shop was given before gets another secret, since its own cannot be had again (the former signs
    along for a day), is switched on and hears of everything again, as was allowed. No other endpoint is touched.
    Raises CannotConnect, BeyondRole, UnsafeUrl, TooManyEndpoints.
    """
    connected, actor = _connect(consent)
    if connected.endpoint and connected.endpoint.disabled_at:
        change_endpoint(endpoint=connected.endpoint, actor=actor, enabled=True)
    return connected


@transaction.atomic
def _connect(consent: Consent) -> tuple[Connected, str]:
    merchant = Merchant.objects.get(pk=consent.merchant_id)
    member = Member.objects.filter(merchant=merchant, user=consent.user_id, user__is_active=True).first()
    if member is None or not may(member.role, Power.CONNECT_SHOPS, mode=consent.mode):
        raise CannotConnect("Whoever allowed this is no owner of the business any more.")
    if merchant.suspended_at:
        raise CannotConnect(why_closed(merchant))
    user, host = member.user, consent.client.partition("://")[2]
    name = f"Connected: {host}"[:80]
    scopes = consent.scopes.split()
    key, secret = create_key(merchant=merchant, mode=consent.mode, name=name, scopes=scopes, by=user)
    endpoint, signing_secret = None, ""
    if consent.webhook_url:
        endpoint, signing_secret = put_endpoint(
            merchant=merchant,
            mode=consent.mode,
            url=consent.webhook_url,
            client_key=f"connected:{hashlib.sha256(consent.client.encode()).hexdigest()}",
            events=(),
            by_key_alone=True,
            actor=user.email,
        )
        signing_secret = signing_secret or rotate_secret(endpoint=endpoint, actor=user.email)
    _record(consent, "shop.connected", user, subject=key.public_id)
    connected = Connected(merchant=merchant, key=key, secret=secret, endpoint=endpoint, signing_secret=signing_secret)
    return connected, user.email


def _record(consent: Consent, action: str, by: User, *, subject: str = "") -> None:
    record(
        merchant=Merchant.objects.get(pk=consent.merchant_id),
        mode=consent.mode,
        actor=by.email,
        action=action,
        subject=subject,
        shop=consent.client,
        scopes=consent.scopes.split(),
        endpoint=consent.webhook_url or None,
    )
