"""What a program may sign to pay a session, and which of it becomes the session's quote."""

from datetime import datetime

from chains_app.networks.networks import PaymentOption
from sessions_app.errors import NotToBeSigned, WrongSignature
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.signed import under_way
from sessions_app.signing import kept
from sessions_app.signing.asked import Asked, again, all_signable, can_be_signed, is_asked, promised
from sessions_app.state.representation import payable_option


def all_offered(session: CheckoutSession, *, now: datetime) -> list[Asked]:
    """Every payment that may be signed, each at a price that holds, that of the quote in force first.

    Without a quote the first one is picked: nobody is told an address that is not watched yet. A price that lapsed is
    renewed. Raises what picking raises, `NotToBeSigned` when nothing can be signed, and `AnotherSigned` while an
    earlier signature may still be used.
    """
    if sent := under_way(session):
        raise kept.another_signed(sent, now=now)
    options = all_signable(session, now=now)
    if not options:
        raise NotToBeSigned("Nothing that this payment can be paid with can be signed: send it.")
    quoted = payable_option(session.quote) if session.quote else None
    if quoted is None or can_be_signed(quoted):
        # Of a network that nothing new is taken on, what was quoted there is not signed any more.
        session = pick(session, quoted if quoted in options else options[0], now=now)
        first = is_asked(session, now=now)
        return [first, *(promised(session, each, now=now) for each in options if each != first.option)]
    return [promised(session, each, now=now) for each in options]


def picked(session: CheckoutSession, *, caip2: str, contract: str, now: datetime) -> CheckoutSession:
    """The session with its quote for the token on that network. Raises what picking raises, `WrongSignature`, and
    `AnotherSigned` while an earlier signature, for another one, may still be used.
    """
    sent = under_way(session)
    for option in all_signable(session, now=now):
        if option.network.caip2 == caip2 and (option.asset.contract or "").lower() == contract.lower():
            if sent and not kept.is_for(sent, option):
                raise kept.another_signed(sent, now=now)
            return pick(session, option, now=now)
    raise WrongSignature(
        "This payment takes no such token on that network: sign for one that `accepts` lists.", attr="network"
    )


def pick(session: CheckoutSession, option: PaymentOption, *, now: datetime) -> CheckoutSession:
    """The session with its quote for the option, the one in force as long as it holds."""
    holds = session.quote is not None and session.quote.valid_until > now
    if holds and payable_option(session.quote) == option:  # type: ignore[arg-type]
        return session
    choose_option(session=session, asset=option.asset.symbol, network=option.network.id, now=now)
    return again(session)
