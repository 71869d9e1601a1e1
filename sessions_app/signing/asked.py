"""What a buyer, or a program that pays for one, may sign: exactly what is due by the quote in force, to its address."""

from dataclasses import dataclass
from datetime import datetime

from eth_hash.auto import keccak

from chains_app.calls.authorizations import Authorization, takes_signed_transfers
from chains_app.calls.facilitator import serves
from chains_app.networks.networks import PaymentOption
from common.money import amount_text
from merchants_app.businesses.switches import is_on
from merchants_app.held import is_held
from merchants_app.models import Feature
from sessions_app.errors import NotToBeSigned, OptionUnavailable, SessionNotOpen, ShopPaused
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import check_offered, options_for, promise
from sessions_app.paying.signed import under_way
from sessions_app.paying.why_not import paused
from sessions_app.sentences import filled, gettext
from sessions_app.signing.kept import is_for
from sessions_app.state.children import payments_of
from sessions_app.state.conflicts import about, not_open
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import payable_option, units_still_due, value_still_due
from sessions_app.status import Status

# How long a facilitator has to bring it to the chain, in seconds; after the session's end only a moment.
TO_SETTLE = 300
TO_SETTLE_LATE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One transfer that would pay what is due."""

    option: PaymentOption
    recipient: str
    units: int
    seconds: int  # from now, until which it is to be on the chain
    nonce: bytes  # the same until money is there: of one wallet's signatures with it, the chain takes one

    @property
    def amount(self) -> str:
        """As people read it: '49 USDC'."""
        return f"{amount_text(self.units, self.option.asset.decimals)} {self.option.asset.symbol}"

    def authorization(self, *, sender: str, valid_before: int) -> Authorization:
        """The transfer that the wallet at the (checksummed) address is asked to sign."""
        return Authorization(
            sender=sender,
            recipient=self.recipient,
            units=self.units,
            valid_after=0,
            valid_before=valid_before,
            nonce=self.nonce,
        )


def can_be_signed(option: PaymentOption) -> bool:
    """Whether somebody would bring such a payment to the chain."""
    return is_on(Feature.SIGNED_PAYMENTS) and takes_signed_transfers(option) and serves(option.network)


def is_asked(session: CheckoutSession, *, now: datetime) -> Asked:
    """What may be signed by the quote in force.

    Raises `SessionNotOpen`, `ShopPaused`, `OptionUnavailable` without a quote that holds, `NetworkUnavailable`, and
    `NotToBeSigned` where no facilitator brings it to the chain.
    """
    _check_open(session, now)
    option = payable_option(session.quote) if session.quote else None
    if session.quote is None or option is None:
        raise OptionUnavailable(gettext("Choose first what to pay with."))
    if session.quote.valid_until <= now:
        raise OptionUnavailable(gettext("The price no longer holds: have it renewed, then sign."))
    if not can_be_signed(option):
        sentence = gettext("%(asset)s on %(network)s cannot be paid by a signature here: send it.")
        raise NotToBeSigned(filled(sentence, {"asset": option.asset.symbol, "network": option.network.name}))
    return _asked(session, option, units_still_due(session, session.quote), now)


def all_signable(session: CheckoutSession, *, now: datetime) -> list[PaymentOption]:
    """What could be signed for at this moment, the cheapest network first: empty when nothing can be."""
    _check_open(session, now)
    offered = [each for each in options_for(session, now) if not each.unavailable and can_be_signed(each.option)]
    # A minimum is set where the network's fee is out of proportion to less.
    offered.sort(key=lambda each: each.option.asset.minimum or 0)
    return [each.option for each in offered if each.amount_units]


def promised(session: CheckoutSession, option: PaymentOption, *, now: datetime) -> Asked:
    """What may be signed instead of the quote in force, at a price that holds. Raises what `promise` raises."""
    return _asked(session, option, units_still_due(session, promise(session, option, now)), now)


def again(session: CheckoutSession) -> CheckoutSession:
    """The session as it is by now, with what `is_asked` looks at."""
    return with_facts(CheckoutSession.objects.filter(pk=session.pk), "merchant").get()


def _check_open(session: CheckoutSession, now: datetime) -> None:
    if not is_on(Feature.SIGNED_PAYMENTS) or is_held():
        raise NotToBeSigned(gettext("No signed payments are taken here: send it."))
    if session.order_paid_by:
        raise SessionNotOpen("The order is paid already: there is nothing to pay any more.")
    if session.status != Status.OPEN or session.expires_at <= now:
        raise not_open(session)
    if session.merchant.suspended_at:
        raise ShopPaused(paused())
    if not value_still_due(session):
        raise SessionNotOpen(
            "What has come is to be made final, or no rate says yet what it is worth: nothing more is to be paid until "
            "then.",
            about=about(session),
        )


def _asked(session: CheckoutSession, option: PaymentOption, units: int, now: datetime) -> Asked:
    check_offered(option.network, now)
    left = int((session.expires_at - now).total_seconds())
    return Asked(
        option=option,
        recipient=session.deposit.address if session.quote_id else "",
        units=units,
        seconds=min(TO_SETTLE, left + TO_SETTLE_LATE),
        nonce=_nonce(session, option, units),
    )


def _nonce(session: CheckoutSession, option: PaymentOption, units: int) -> bytes:
    """That of the payment that is under way, if it is this one: though the chain dropped it, it may come back."""
    sent = under_way(session)
    if sent and is_for(sent, option) and sent.amount_units == units:
        return bytes.fromhex(sent.nonce[2:])
    # Money that came makes another sum due, which is another payment.
    return keccak(f"tallystick:{session.public_id}:{len(payments_of(session))}".encode())
