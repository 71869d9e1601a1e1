"""Has a signed payment brought to the chain: looked at here first, never two different ones for one due.

Nothing here makes a session paid. Our reader sees the transfer, as any other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from chains_app.calls import facilitator
from chains_app.calls.authorizations import Authorization as Transfer
from chains_app.calls.authorizations import is_signed
from chains_app.calls.facilitator import FacilitatorAway, FacilitatorInDoubt
from chains_app.calls.places import NoPlace
from chains_app.calls.x402 import payment_of, requirements_of
from chains_app.reading.health import CLOCKS_DIFFER_BY
from common.api.moments import iso
from common.money import amount_text
from sessions_app.errors import FacilitatorUnavailable, NotSettled, SettlementInDoubt, WrongSignature
from sessions_app.models import Authorization, AuthorizationStage, CheckoutSession
from sessions_app.paying.announcing import announce
from sessions_app.sentences import Sentence, filled, gettext
from sessions_app.signing import kept
from sessions_app.signing.asked import Asked, again, is_asked
from sessions_app.state.conflicts import not_open
from sessions_app.status import Status

# A signature that has less time left is over before it is on the chain; one for longer would bar others for longer.
SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(minutes=15)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPayment:
    """A transfer and the signature of its sender."""

    transfer: Transfer
    signature: bytes


def settle(session: CheckoutSession, signed: SignedPayment, *, now: datetime) -> Authorization:
    """Has the payment brought to the chain, once; says the same again when it was, and announces it to the page.

    Takes as long as the facilitator does: no place inside a transaction. Raises what `is_asked` does;
    `WrongSignature`, with `attr` naming the field; `AnotherSigned` and `BeingSettled` while another signature, or
    another request, is under way; `FacilitatorUnavailable` when nothing was handed over, `NotSettled` when the
    facilitator declined before; `SettlementInDoubt` once it was handed over, unless it says that it has sent.
    """
    kept.close_what_is_over(session, now=now)
    if settled := kept.settled_before(session, signed.transfer):
        return settled
    asked = is_asked(session, now=now)
    _check(signed, asked, session, now)
    row = kept.claim(session, asked.option, signed.transfer, now=now)
    return _bring(row, asked, signed, session, now)


def _check(signed: SignedPayment, asked: Asked, session: CheckoutSession, now: datetime) -> None:
    transfer, option = signed.transfer, asked.option
    if transfer.recipient != asked.recipient:
        raise WrongSignature("It pays another address than this payment's: sign for the address shown.", attr="to")
    if transfer.units != asked.units:
        given = amount_text(transfer.units, option.asset.decimals)
        raise WrongSignature(f"It is signed for {given}, and {asked.amount} is due: sign for that.", attr="value")
    if transfer.valid_after > now.timestamp():
        raise WrongSignature("It is not valid yet: sign one that is.", attr="validAfter")
    left = transfer.valid_before - now.timestamp()
    if left < SHORTEST.total_seconds():
        raise WrongSignature(gettext("Its time is over, or nearly: sign again."), attr="validBefore")
    if left > min(LONGEST, session.expires_at + CLOCKS_DIFFER_BY - now).total_seconds():
        raise WrongSignature(
            f"It is valid for too long: sign one for at most {asked.seconds} seconds from now.", attr="validBefore"
        )
    try:
        is_theirs = is_signed(option, transfer, signed.signature)
    except NoPlace:
        raise _unavailable() from None
    if not is_theirs:
        raise WrongSignature(
            filled(
                gettext(
                    "The signature is not that wallet's for %(amount)s on %(network)s. Nothing was sent: sign again."
                ),
                {"amount": asked.amount, "network": option.network.name},
            ),
            attr="signature",
        )


def _bring(
    row: Authorization, asked: Asked, signed: SignedPayment, session: CheckoutSession, now: datetime
) -> Authorization:
    terms = requirements_of(asked.option, recipient=asked.recipient, units=asked.units, seconds=asked.seconds)
    payment = payment_of(terms, signed.transfer, signed.signature)
    # What was handed over before is not looked at again: it may be on the chain, and is only asked what became of it.
    is_first = row.stage == AuthorizationStage.ASKING
    if is_first:
        _have_verified(row, payment, terms, session, now)
    try:
        tx_hash = facilitator.settle(payment, terms)
    except FacilitatorAway as problem:
        if is_first:
            kept.keep_unsent(row, reason=str(problem), now=now)
            raise _away(row, problem) from None
        raise _in_doubt(row, str(problem)) from None
    except FacilitatorInDoubt as problem:
        if problem.tx_hash:
            announce(again(session), tx_hash=problem.tx_hash, amount=asked.amount, now=now)
        raise _in_doubt(row, str(problem), tx_hash=problem.tx_hash) from None
    kept.keep_settled(row, tx_hash=tx_hash, now=now)
    announce(again(session), tx_hash=tx_hash, amount=asked.amount, now=now)
    return row


def _have_verified(
    row: Authorization, payment: dict[str, Any], terms: dict[str, Any], session: CheckoutSession, now: datetime
) -> None:
    """Asks the facilitator whether it would, and ourselves whether the session still asks for it."""
    try:
        reason = facilitator.verify(payment, terms)
    except FacilitatorAway as problem:
        kept.keep_unsent(row, reason=str(problem), now=now)
        raise _away(row, problem) from None
    if reason:
        kept.keep_unsent(row, reason=reason, now=now)
        raise _declined(row)
    fresh = again(session)
    if fresh.status != Status.OPEN or fresh.order_paid_by:
        kept.keep_unsent(row, reason="the session ended", now=now)
        raise not_open(fresh)
    kept.hand_over(row)


def _away(row: Authorization, problem: FacilitatorAway) -> FacilitatorUnavailable:
    _log.warning(
        "signing.facilitator_away", session_id=row.session.public_id, authorization=row.pk, reason=str(problem)
    )
    return _unavailable()


def _unavailable() -> FacilitatorUnavailable:
    return FacilitatorUnavailable(
        gettext("The service that sends it cannot be reached. Nothing was sent: try again, or send it yourself.")
    )


def _in_doubt(row: Authorization, reason: str, *, tx_hash: str = "") -> SettlementInDoubt:
    kept.keep_in_doubt(row, reason=reason, tx_hash=tx_hash)
    _log.warning(
        "signing.in_doubt", session_id=row.session.public_id, authorization=row.pk, reason=reason, tx_hash=tx_hash
    )
    sentence = gettext(
        "The service that sends it has not confirmed it. Do not pay again yet: if it was sent, it shows here. "
        "Otherwise the signature is over at %(time)s UTC."
    )
    about = {"reason": reason, "transaction": tx_hash or None, "until": iso(row.valid_before)}
    return SettlementInDoubt(filled(sentence, {"time": Sentence(f"{row.valid_before:%H:%M}")}), about=about)


def _declined(row: Authorization) -> NotSettled:
    about = {"reason": row.reason}
    # Facilitators try it out first: what the token's contract would refuse has mostly no money behind it.
    if "insufficient" in row.reason or "simulation_failed" in row.reason:
        short = gettext("The wallet does not hold enough %(asset)s. Nothing was sent.")
        return NotSettled(filled(short, {"asset": row.asset}), about=about)
    sentence = gettext("The service that sends it declined: %(reason)s. Try again, or send it yourself.")
    return NotSettled(filled(sentence, {"reason": Sentence(row.reason)}), about=about)
