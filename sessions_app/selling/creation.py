"""Creates checkout sessions: at most one live one per shop's reference."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from pydantic.alias_generators import to_camel

from common.database import failing_alone
from merchants_app.businesses.money_rules import most_missing
from merchants_app.businesses.names import remember
from merchants_app.businesses.suspension import refuse_suspended
from merchants_app.businesses.ways import has_switched_off, ways_to_pay
from merchants_app.models import Merchant
from merchants_app.requests.idempotency import Claim
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.errors import NoTreasury, ReferenceTaken, SessionNotOpen, SwitchedOff
from sessions_app.models import HOLDS_REFERENCE, CheckoutSession, Customer
from sessions_app.selling.superseding import NotOpened, open_in_place_of
from sessions_app.state.conflicts import reference_paid, reference_taken
from sessions_app.state.creation_sql import open_session
from sessions_app.state.expiry import up_to_date
from sessions_app.status import Action, Status, is_live

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTerms:
    """What a session is made on, checked. None: not said."""

    amount: Decimal
    currency: str
    success_url: str
    cancel_url: str
    email: str
    name: str
    metadata: dict[str, Any]  # JSON of the shop's own
    product_id: str
    product_name: str
    product_description: str
    allowed_assets: list[str]
    reference: str | None = None
    locale: str | None = None
    expires_at: datetime | None = None
    allow_pay_again: bool | None = None

    def said(self) -> dict[str, Any]:
        """By field of the session."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


def create_session(
    *,
    merchant: Merchant,
    mode: str,
    terms: SessionTerms,
    actor: str = "",
    renames_customer: bool = True,
    allow_repeat: bool = False,
    supersedes: bool = False,
) -> CheckoutSession:
    """A new open session on these terms, or the live one of the same reference and terms.

    `renames_customer`: whether a customer who is known takes over the name given here; not from somebody who only
    says who they are. `allow_repeat`: also when a session of the reference is paid. `supersedes`: an unpaid one on
    other terms is ended for the new one.
    Raises `ReferencePaid`; `ReferenceTaken` when the live one says something else, or `MoneyOnItsWay` when it should
    have been superseded; `NoTreasury` when there is nowhere to receive, `SwitchedOff` when the business takes nothing
    of what could pay it, `BusinessSuspended` when the operator has stopped the business.
    """
    for left in reversed(range(_TRIES)):
        session = session_on(merchant, mode, terms)
        try:
            with failing_alone():
                if open_session(session, actor=actor, renames_customer=renames_customer, allow_repeat=allow_repeat):
                    return session
        except IntegrityError:
            if left:  # another request was making the same new customer: now it is known
                continue
            raise
        # The database has the last word on who has the reference. Whoever had it may be over by now: try again.
        live = _live(merchant, mode, terms.reference)
        if not allow_repeat and (paid := _paid(merchant, mode, terms.reference)):
            raise reference_paid(paid) if paid.status == Status.COMPLETED else reference_taken(paid, [])
        if live and not (differing := _differing(live, terms)):
            return live
        if live and not supersedes:
            raise reference_taken(live, differing)
        if live:
            try:
                return open_in_place_of(
                    live, session, actor=actor, renames_customer=renames_customer, allow_repeat=allow_repeat
                )
            except (IntegrityError, NotOpened, SessionNotOpen):
                pass  # it, its customer or its reference has become another's at this moment
        if treasury_for(merchant, mode, session.created_at) is None:
            raise NoTreasury(f"Name the wallet to receive in first: Dashboard › Treasury ({mode} mode).")
    raise ReferenceTaken(
        "Sessions with this reference come and go at this moment: try again.",
        attr="reference",
        about={"actions": [Action.RETRY.value]},
    )


def create_answered(
    *, merchant: Merchant, mode: str, terms: SessionTerms, actor: str, claim: Claim | None, allow_repeat: bool = False
) -> str | None:
    """The JSON of a new session, written together with the answer that the claim stands for, in one round trip.

    None when only the long way (`create_session`) can tell why not. Raises IntegrityError when the claim is answered,
    or another request is making the same new customer at this moment.
    """
    return open_session(session_on(merchant, mode, terms), actor=actor, claim=claim, allow_repeat=allow_repeat)


def session_on(merchant: Merchant, mode: str, terms: SessionTerms) -> CheckoutSession:
    """A session on these terms and the business's present rules, not written yet. Raises `BusinessSuspended`."""
    refuse_suspended(merchant)
    remember(merchant)
    _refuse_unpayable(merchant, mode, terms.allowed_assets)
    now = timezone.now()
    ends = terms.expires_at or now + timedelta(minutes=merchant.session_minutes)
    return CheckoutSession(
        merchant=merchant,
        mode=mode,
        customer=Customer(merchant=merchant, mode=mode, email=terms.email, name=terms.name),
        watch_until=ends + timedelta(days=merchant.watch_days),
        tolerance_percent=merchant.tolerance_percent,
        tolerance_amount=most_missing(merchant, terms.currency),
        spread_percent=merchant.spread_percent,
        quote_minutes=merchant.quote_minutes,
        grace_minutes=merchant.grace_minutes,
        ways_off=merchant.ways_off,
        confirmations=merchant.confirmations,
        created_at=now,
        updated_at=now,
        **{"allow_pay_again": merchant.allow_pay_again} | terms.said() | {"expires_at": ends},
    )


def _refuse_unpayable(merchant: Merchant, mode: str, allowed: list[str]) -> None:
    if has_switched_off(merchant, mode, allowed):
        on = sorted({option.asset.symbol for option in ways_to_pay(merchant, mode)})
        raise SwitchedOff(
            f"This business has switched off {', '.join(allowed) or 'every way to pay'}. Switched on in {mode} mode: "
            f"{', '.join(on) or 'none'}. Its owners choose in Dashboard › Settings › Ways to pay.",
            attr="allowedAssets",
        )


def _live(merchant: Merchant, mode: str, reference: str | None) -> CheckoutSession | None:
    session = CheckoutSession.objects.filter(HOLDS_REFERENCE, merchant=merchant, mode=mode, reference=reference).first()
    if session is None:
        return None
    session = up_to_date(session)
    return session if is_live(session.status) else None


def _paid(merchant: Merchant, mode: str, reference: str | None) -> CheckoutSession | None:
    """The last of the reference that was paid; or that is being paid late, though it holds the reference no more."""
    if reference is None:
        return None
    own = CheckoutSession.objects.filter(merchant=merchant, mode=mode, reference=reference)
    late = Q(status=Status.PROCESSING, ended_by__isnull=False)
    return own.filter(Q(status=Status.COMPLETED) | late).order_by("status", "-id").first()


def _differing(live: CheckoutSession, terms: SessionTerms) -> list[str]:
    return [to_camel(name) for name, value in terms.said().items() if getattr(live, name) != value]
