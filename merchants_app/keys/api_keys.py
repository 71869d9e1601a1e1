"""API keys: made, found by their secret, revoked. The secret is shown once; only its SHA-256 is kept.

A key can do what its scopes say, never more than its holder's role has in the key's mode: looked at when it is made,
and again at each use, because roles change.
"""

import hashlib
import secrets
import time
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from common.errors import Conflict, DomainError
from common.modes import Mode
from merchants_app import audit
from merchants_app.mail.notices import tell_owners
from merchants_app.models import LAST_DAY, LAST_MOMENT, ApiKey, KeyScope, Member, Merchant, Role, User
from merchants_app.powers import SCOPE_NEEDS, scopes_within

# 160 bits: a fast hash is enough, because nobody guesses what was never chosen by a person.
_SECRET_BYTES = 20
_HINT_LENGTH = 12
_CACHE_LIMIT = 10_000

# Each process remembers who a secret belongs to for `API_KEY_CACHE_SECONDS` (below 5: a revoked key must stop
# working within 5 s everywhere). The rows are shared between threads: read them, never change them.
_remembered: dict[str, tuple[float, ApiKey]] = {}


class BeyondRole(DomainError):
    """The key would have more than its maker."""

    code = "beyond_role"


class WrongEnd(DomainError):
    """A key that would be over before it began."""

    code = "wrong_end"


class NoOwner(Conflict):
    """Nobody is there to hold the key."""

    code = "no_owner"


@transaction.atomic
def create_key(
    *,
    merchant: Merchant,
    mode: str,
    name: str,
    scopes: Iterable[str] = (KeyScope.READ, KeyScope.WRITE),
    expires_at: datetime | None = None,
    by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret (`sk_test_…` or `sk_live_…`), which cannot be had again.

    `by` holds it; without one the oldest owner does. Raises BeyondRole, WrongEnd, or NoOwner.
    """
    holder = _maker(merchant, by)
    wanted = [scope.value for scope in KeyScope if scope in set(scopes)]
    for scope in wanted:
        if scope not in scopes_within(holder.role, mode=mode):
            raise BeyondRole(
                f"Your role ({holder.get_role_display()}) may not {SCOPE_NEEDS[KeyScope(scope)]} in {mode} mode, and a "
                f"key never has more than its maker. Leave '{scope}' out, or ask an owner to make the key.",
                attr="scopes",
            )
    if expires_at is not None and expires_at <= timezone.now():
        raise WrongEnd("That is over already: name a day to come, or none.", attr="expires_at")
    if expires_at is not None and expires_at > LAST_MOMENT:
        raise WrongEnd(f"Nothing lasts until then: name a day up to {LAST_DAY.year}, or none.", attr="expires_at")
    secret = f"sk_{mode}_{secrets.token_hex(_SECRET_BYTES)}"
    key = ApiKey.objects.create(
        merchant=merchant,
        mode=mode,
        name=name,
        scopes=wanted,
        hint=secret[:_HINT_LENGTH],
        digest=digest_of(secret),
        created_by=by,
        holder=holder.user,
        expires_at=expires_at,
    )
    audit.record(
        merchant=merchant,
        mode=mode,
        actor=by.email if by else "system",
        action="api_key.created",
        subject=key.public_id,
        name=name,
        scopes=wanted,
        expires_at=expires_at.isoformat(timespec="seconds") if expires_at else None,
    )
    if mode == Mode.LIVE:
        what = f"a live API key was made, “{name}” ({key.hint}…, may {', '.join(wanted)})"
        tell_owners(merchant=merchant, what=what, actor=by.email if by else "system", mode=mode)
    return key, secret


def revoke_key(key: ApiKey, *, by: User | None) -> None:
    """For good. Here it stops working at once, in other processes within the cache's seconds."""
    end_key(key, actor=by.email if by else "system")


@transaction.atomic
def end_key(key: ApiKey, *, actor: str) -> None:
    """The same, for an actor who is known by name only."""
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    forget_key(key)
    if revoked:
        audit.record(
            merchant=key.merchant,
            mode=key.mode,
            actor=actor,
            action="api_key.revoked",
            subject=key.public_id,
            name=key.name,
        )


def with_roles(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """The keys, each with the role of its holder (`holder_role`); None: they do not work here any more."""
    holders = Member.objects.filter(merchant=OuterRef("merchant"), user=OuterRef("holder"), user__is_active=True)
    return keys.annotate(holder_role=Subquery(holders.values("role")))  # type: ignore[no-redef]  # the model says so


def allowed(key: ApiKey, scope: str) -> bool:
    """Whether the key, read by `with_roles`, may do that now."""
    return scope in key.scopes and scope in scopes_within(key.holder_role or "", mode=key.mode)


def why_not(key: ApiKey, scope: str) -> str:
    """The refusal for a caller whose key may not do that."""
    if scope not in key.scopes:
        return f"This API key lacks the scope '{scope}'. Make one that has it."
    role, mode = Role(key.holder_role or "").label, Mode(key.mode).label.lower()
    return (
        f"This API key has the scope '{scope}', but whoever holds it may no longer {SCOPE_NEEDS[KeyScope(scope)]} in "
        f"{mode} mode (role: {role}). An owner can take the key over in the dashboard, under API keys."
    )


def is_over(key: ApiKey) -> bool:
    """Whether its time is over."""
    return key.expires_at is not None and key.expires_at <= timezone.now()


def key_with(digest: str) -> ApiKey | None:
    """The key with its merchant, by what is kept of its secret; None when there is none such or it was revoked.

    Its time may be over (`is_over`).
    """
    found = _remembered.get(digest)
    now = time.monotonic()
    if found and found[0] > now:
        return found[1]
    key = with_roles(ApiKey.objects.select_related("merchant")).filter(digest=digest, revoked_at=None).first()
    if key and key.holder_role:
        _remember(digest, key, until=now + settings.API_KEY_CACHE_SECONDS)
        return key
    _remembered.pop(digest, None)
    return None


def remembered_key(digest: str | None) -> ApiKey | None:
    """The key, if this process has seen it lately. Asks nobody."""
    found = _remembered.get(digest) if digest else None
    return found[1] if found else None


def forget_key(key: ApiKey) -> None:
    """This process asks the database anew: now, and once the change that is being made can be seen."""
    _remembered.pop(key.digest, None)
    transaction.on_commit(lambda: _remembered.pop(key.digest, None))


def forget_keys() -> None:
    """Empties this process's memory of keys: the next request of each asks the database."""
    _remembered.clear()


def digest_of(secret: str) -> str:
    """How a secret that we made is kept. Nobody guesses 160 random bits or more, so a fast hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _maker(merchant: Merchant, by: User | None) -> Member:
    """Who will hold the key, locked: nobody is taken out of the team meanwhile."""
    team = Member.objects.filter(merchant=merchant).select_related("user").select_for_update(of=("self",))
    if by is not None:
        if member := team.filter(user=by).first():
            return member
        raise BeyondRole(f"{by.email} does not work for {merchant.name}: only members make keys.")
    if owner := team.filter(role=Role.OWNER).order_by("-user__is_active", "id").first():
        return owner
    raise NoOwner(f"{merchant.name} has no owner who could hold the key: make somebody an owner first.")


def _remember(digest: str, key: ApiKey, *, until: float) -> None:
    if len(_remembered) >= _CACHE_LIMIT:
        _remembered.clear()
    _remembered[digest] = (until, key)
