"""Endpoints come, change, rotate their secret, are switched off and on, and go. Each change is an audit line."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common.api.exact_json import dumps
from common.api.moments import iso
from common.encryption import encrypt
from common.modes import Mode
from common.network.outbound_http import OutboundRules, RefusedAddress
from merchants_app.audit import lines_about, record
from merchants_app.mail.notices import tell_owners
from merchants_app.models import Merchant
from webhooks_app.endpoints.custom_headers import check_headers, headers_in
from webhooks_app.endpoints.secrets_at_rest import kept, secrets_in
from webhooks_app.errors import NoSuchEndpoint, TooManyEndpoints, UnsafeUrl
from webhooks_app.models import WebhookEndpoint
from webhooks_app.queue.delivery import SET_ASIDE, SET_ASIDE_AT_ONCE
from webhooks_app.queue.resending import catch_up
from webhooks_app.scope import WebhookScope
from webhooks_app.signing import new_secret

ENDPOINTS_PER_MODE = 50
# While a secret rotates, messages carry signatures of both, so that a receiver can change over at leisure.
OVERLAP = timedelta(hours=24)
MOST_FORMER_SECRETS = 3
SWITCHED_OFF_BY_HAND = "Switched off by hand."


class Origin(NamedTuple):
    """Where an endpoint and its present secret come from."""

    made_by: str  # empty: not known
    secret_since: datetime


def outbound_rules() -> OutboundRules:
    """What endpoints may be connected to on this installation."""
    return OutboundRules(allow_private=settings.WEBHOOK_ALLOW_PRIVATE, ports=frozenset(settings.WEBHOOK_PORTS))


def create_endpoint(
    *,
    merchant: Merchant,
    mode: str,
    url: str,
    events: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    actor: str,
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is shown this once. No `events`: all of them.

    Raises UnsafeUrl, WrongHeaders, TooManyEndpoints.
    """
    check_url(url, mode=mode)
    secret = new_secret()
    with transaction.atomic():
        # The merchant's row is the lock: two creates at once must not both be the last one allowed.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        if WebhookScope(merchant, mode).endpoints().count() >= ENDPOINTS_PER_MODE:
            raise TooManyEndpoints(f"You have {ENDPOINTS_PER_MODE} endpoints in this mode. Delete one first.")
        endpoint = WebhookEndpoint.objects.create(
            merchant=merchant,
            mode=mode,
            url=url,
            events=list(dict.fromkeys(events)),
            headers_encrypted=_encrypted(headers or {}),
            secret_encrypted=kept([secret]),
        )
        _audit(endpoint, actor, "created", url=url)
        _tell(endpoint, actor, f"a webhook endpoint was made, which hears of every payment: {url}")
    return endpoint, secret


def put_endpoint(
    *,
    merchant: Merchant,
    mode: str,
    url: str,
    client_key: str = "",
    events: Sequence[str] | None = None,
    headers: Mapping[str, str] | None = None,
    by_key_alone: bool = False,
    actor: str,
) -> tuple[WebhookEndpoint, str]:
    """The endpoint of this key, else (unless `by_key_alone`) of this URL, made as said; new when there is none.

    What is not said stays. The secret is empty when it is not new. Raises as `create_endpoint` does.
    """
    check_url(url, mode=mode)
    with transaction.atomic():
        # Two saves of the same settings at once make one.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        own = WebhookScope(merchant, mode).endpoints()
        known = own.filter(client_key=client_key).first() if client_key else None
        if known is None and not by_key_alone:
            known = own.filter(url=url, client_key="").first()
        if known is None and not client_key:
            known = own.filter(url=url).first()
        secret = ""
        if known is None:
            known, secret = create_endpoint(
                merchant=merchant, mode=mode, url=url, events=events or (), headers=headers, actor=actor
            )
        elif _differs(known, url, events, headers):
            known = change_endpoint(endpoint=known, actor=actor, url=url, events=events, headers=headers)
        if client_key and known.client_key != client_key:
            known.client_key = client_key
            known.save(update_fields=["client_key"])
    return known, secret


def _differs(known: WebhookEndpoint, url: str, events: Sequence[str] | None, headers: Mapping[str, str] | None) -> bool:
    others = events is not None and list(dict.fromkeys(events)) != known.events
    return known.url != url or others or (headers is not None and headers_in(known.headers_encrypted) != headers)


def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    actor: str,
    url: str | None = None,
    events: Sequence[str] | None = None,
    headers: Mapping[str, str] | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Changes what is given. Switching on sends what was missed. Raises as `create_endpoint` does."""
    if url is not None:
        check_url(url, mode=endpoint.mode)
    with transaction.atomic():
        locked = _locked(endpoint)
        if url is not None and url != locked.url:
            _tell(locked, actor, f"a webhook endpoint's messages go to {url} instead of {locked.url}")
            locked.url = url
        if events is not None:
            locked.events = list(dict.fromkeys(events))
        if headers is not None:
            locked.headers_encrypted = _encrypted(headers)
        locked.save(update_fields=["url", "events", "headers_encrypted"])
        if url is not None or events is not None or headers is not None:
            _audit(locked, actor, "changed", url=locked.url, events=locked.events)
        if enabled is True:
            _switch_on(locked, actor)
    if enabled is True:
        catch_up(endpoint=locked)
    elif enabled is False:
        switch_off(endpoint=locked, reason=SWITCHED_OFF_BY_HAND, actor=actor)
    locked.refresh_from_db()
    return locked


def switch_off(*, endpoint: WebhookEndpoint, reason: str, actor: str, letter: str = "") -> bool:
    """Stops sending to it. What still waited counts as failed until it is switched on again. False: it was off.

    `letter` is what its owners are then sent by `failing.py`.
    """
    with transaction.atomic():
        locked = _locked(endpoint)
        if locked.disabled_at is not None:
            return False
        locked.disabled_at, locked.disabled_reason = timezone.now(), reason[:200]
        locked.catching_up_since, locked.letter_due = None, letter
        locked.save(update_fields=["disabled_at", "disabled_reason", "catching_up_since", "letter_due"])
        _audit(locked, actor, "switched_off", reason=reason)
    _set_aside_waiting(locked)
    return True


def delete_endpoint(*, endpoint: WebhookEndpoint, actor: str) -> None:
    """Takes it away for good; its deliveries stay on record."""
    with transaction.atomic():
        locked = _locked(endpoint)
        locked.deleted_at = timezone.now()
        locked.save(update_fields=["deleted_at"])
        _audit(locked, actor, "deleted", url=locked.url)
    _set_aside_waiting(locked)


def rotate_secret(*, endpoint: WebhookEndpoint, actor: str) -> str:
    """A new secret, shown this once; the former one, and any that still does, goes on signing too for 24 h."""
    secret = new_secret()
    with transaction.atomic():
        locked, now = _locked(endpoint), timezone.now()
        former = secrets_in(locked.secret_encrypted)
        if locked.previous_secret_until is not None and locked.previous_secret_until > now:
            former += secrets_in(locked.previous_secret_encrypted)
        locked.previous_secret_encrypted = kept(former[:MOST_FORMER_SECRETS])
        locked.previous_secret_until = now + OVERLAP if former else None
        locked.secret_encrypted = kept([secret])
        locked.save(update_fields=["previous_secret_encrypted", "previous_secret_until", "secret_encrypted"])
        _audit(locked, actor, "secret_rotated")
        _tell(locked, actor, f"a webhook endpoint has a new secret: {locked.url}")
    endpoint.previous_secret_until = locked.previous_secret_until
    return secret


def origin_of(endpoint: WebhookEndpoint) -> Origin:
    """By the audit log."""
    lines = lines_about(merchant=endpoint.merchant, mode=endpoint.mode, subjects=[endpoint.public_id])
    telling = lines.filter(action__in=["webhook_endpoint.created", "webhook_endpoint.secret_rotated"])
    told = {action: (actor, at) for action, actor, at in telling.values_list("action", "actor", "created_at")}
    made_by, _ = told.get("webhook_endpoint.created", ("", endpoint.created_at))
    _, secret_since = told.get("webhook_endpoint.secret_rotated", ("", endpoint.created_at))
    return Origin(made_by, secret_since)


def check_url(url: str, *, mode: str) -> None:
    """Raises UnsafeUrl for a URL that messages may not go to."""
    rules = outbound_rules()
    try:
        rules.check_url(url)
    except RefusedAddress as error:
        raise UnsafeUrl(str(error), attr="url") from None
    if mode == Mode.LIVE and not rules.allow_private and not url.lower().startswith("https://"):
        raise UnsafeUrl("Live events carry your customers' data: the URL must begin with https://.", attr="url")


def _switch_on(endpoint: WebhookEndpoint, actor: str) -> None:
    """From here on events are sent; what was missed follows by `catch_up`, and should that die, by `failing.py`."""
    if endpoint.disabled_at is None:
        return
    endpoint.catching_up_since = min(filter(None, (endpoint.failing_since, endpoint.disabled_at)))
    endpoint.disabled_at, endpoint.disabled_reason, endpoint.letter_due = None, "", ""
    endpoint.failing_since = endpoint.warned_at = None
    endpoint.save(
        update_fields=[
            "catching_up_since", "disabled_at", "disabled_reason", "letter_due", "failing_since", "warned_at"
        ]
    )  # fmt: skip
    _audit(endpoint, actor, "switched_on", missed_since=iso(endpoint.catching_up_since))


def _set_aside_waiting(endpoint: WebhookEndpoint) -> None:
    """In batches, so that no report waits for them; what comes later, the sender sets aside."""
    with connection.cursor() as cursor:
        more = True
        while more:
            cursor.execute(SET_ASIDE, {"endpoints": [endpoint.pk], "batch": SET_ASIDE_AT_ONCE})
            more = cursor.rowcount == SET_ASIDE_AT_ONCE


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    locked = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint.pk, deleted_at=None).first()
    if locked is None:
        raise NoSuchEndpoint("There is no such webhook endpoint.")
    return locked


def _encrypted(headers: Mapping[str, str]) -> str:
    check_headers(headers)
    return encrypt(dumps(dict(headers))) if headers else ""


def _tell(endpoint: WebhookEndpoint, actor: str, what: str) -> None:
    """In live mode to all owners: who listens there knows every buyer."""
    if endpoint.mode == Mode.LIVE:
        tell_owners(merchant=endpoint.merchant, what=what, actor=actor, mode=endpoint.mode)


def _audit(endpoint: WebhookEndpoint, actor: str, what: str, **detail: object) -> None:
    record(
        merchant=endpoint.merchant,
        mode=endpoint.mode,
        actor=actor,
        action=f"webhook_endpoint.{what}",
        subject=endpoint.public_id,
        **detail,
    )
