"""What each letter to a buyer says: whole sentences, of which HTML and text are made alike. Reads nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext

from chains_app.networks.networks import all_networks
from sessions_app.letters.about import LONGEST_NAME, About
from sessions_app.letters.support import support_for
from sessions_app.models import Payment, Refund
from sessions_app.reading.amounts import asset_text, cut, moment_text, money_text
from sessions_app.reading.sentences import filled
from sessions_app.refunding.mails import refund_page_url
from sessions_app.state.representation import page_url, receipt_url, received_value, sorted_payments
from sessions_app.status import LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A letter before it has a shape."""

    subject: str
    heading: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str]  # what it is called, and where it leads
    after: tuple[str, ...] = field(default=())


def content_of(about: About) -> Content:
    """What the letter says, in the language in force."""
    return _CONTENTS[LetterKind(about.letter.kind)](about)


def _asked_to_pay(about: About) -> Content:
    session, asks = about.session, gettext("%(shop)s asks you for a payment") % {"shop": about.shop}
    return Content(
        subject=asks,
        heading=asks,
        lines=(session.product_description,) if session.product_description else (),
        facts=_order(about),
        link=(gettext("Open the payment"), page_url(session)),
        after=(gettext("The link holds until %(end)s.") % {"end": moment_text(session.expires_at)},),
    )


def _receipt(about: About) -> Content:
    session = about.session
    lines = [
        gettext("%(shop)s has received your payment of %(price)s for %(item)s. It is final.")
        % {"shop": about.shop, "price": about.price, "item": about.item}
    ]
    received = received_value(session)
    if received < session.amount:
        arrived = f"{money_text(received, session.currency)} {session.currency}"
        lines.append(
            gettext("%(amount)s arrived, which %(shop)s takes as paid.") % {"amount": arrived, "shop": about.shop}
        )
    if session.needs_decision:
        lines.append(
            gettext("More arrived than was due. %(shop)s has been told and decides what becomes of the rest.")
            % {"shop": about.shop}
        )
    return Content(
        subject=gettext("Your receipt from %(shop)s: %(price)s") % {"shop": about.shop, "price": about.price},
        heading=gettext("Paid"),
        lines=tuple(lines),
        facts=(*_order(about), *_arrived(about)),
        link=(gettext("Open the receipt"), receipt_url(session)),
        after=(gettext("The receipt is signed: whoever you show it to can check it."),),
    )


def _taken_back(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: the network took your payment back") % {"shop": about.shop},
        heading=gettext("The network took your payment back"),
        lines=(
            gettext("We wrote to you that %(price)s was paid for %(item)s. The network has dropped that payment since.")
            % {"price": about.price, "item": about.item},
            gettext("So the receipt does not hold any more. %(shop)s has been told.") % {"shop": about.shop},
            gettext("Look into your wallet first: the money may be there again. Pay again only if %(shop)s asks.")
            % {"shop": about.shop},
        ),
        facts=(*_order(about), *_gone(about)),
        link=(gettext("See how it stands"), page_url(about.session)),
    )


def _restored(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: your payment is there again") % {"shop": about.shop},
        heading=gettext("Your payment is there again"),
        lines=(
            gettext("The network had dropped your payment of %(price)s for %(item)s. It is final now after all.")
            % {"price": about.price, "item": about.item},
            gettext("The receipt holds. There is nothing for you to do."),
        ),
        facts=(*_order(about), *_arrived(about)),
        link=(gettext("Open the receipt"), receipt_url(about.session)),
    )


def _expired(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: the time to pay is over, and money of yours is here") % {"shop": about.shop},
        heading=gettext("The time to pay is over"),
        lines=(
            gettext("Money arrived for %(item)s (%(price)s), but it does not pay for it. It is not lost.")
            % {"item": about.item, "price": about.price},
            gettext("%(shop)s has been told. To send it back, it needs an address of a wallet of yours.")
            % {"shop": about.shop},
        ),
        facts=(*_order(about), *_arrived(about)),
        link=(gettext("Say where it shall go back to"), refund_page_url(about.session)),
        after=(_no_keys(),),
    )


def _refund_where(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: where shall your money go back to?") % {"shop": about.shop},
        heading=gettext("Where shall your money go back to?"),
        lines=(
            gettext("%(shop)s wants to send money back to you for %(item)s (%(price)s).")
            % {"shop": about.shop, "item": about.item, "price": about.price},
            *_reason(about),
            gettext("Please leave an address of your own wallet. The page asks for that and nothing else."),
        ),
        facts=_order(about),
        link=(gettext("Leave an address"), refund_page_url(about.session)),
        after=(_no_keys(),),
    )


def _refund_sent(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: money is on its way back to you") % {"shop": about.shop},
        heading=gettext("Money is on its way back to you"),
        lines=(
            gettext("%(shop)s has sent %(amount)s back to you for %(item)s.")
            % {"shop": about.shop, "amount": _refunded(about), "item": about.item},
            *_reason(about),
            gettext("The network shows it already. We write again once it is final."),
        ),
        facts=(*_order(about), *_way_back(about)),
        link=(gettext("See how it stands"), page_url(about.session)),
    )


def _refund_done(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: your money is back") % {"shop": about.shop},
        heading=gettext("Your money is back"),
        lines=(
            gettext("%(amount)s has gone back to you for %(item)s. It is final.")
            % {"amount": _refunded(about), "item": about.item},
            *_reason(about),
        ),
        facts=(*_order(about), *_way_back(about)),
        link=(gettext("See how it stands"), page_url(about.session)),
    )


def _refund_undone(about: About) -> Content:
    return Content(
        subject=gettext("%(shop)s: the network took a refund back") % {"shop": about.shop},
        heading=gettext("The network took a refund back"),
        lines=(
            gettext("We wrote to you that %(amount)s went back to you for %(item)s. The network has dropped it since.")
            % {"amount": _refunded(about), "item": about.item},
            gettext("%(shop)s has been told and can send it again. There is nothing for you to do.")
            % {"shop": about.shop},
        ),
        facts=_order(about),
        link=(gettext("See how it stands"), page_url(about.session)),
    )


def _refund_address(about: About) -> Content:
    session, former = about.session, about.change.former if about.change else ""
    if former:
        subject = gettext("%(shop)s: a refund goes to another address now") % {"shop": about.shop}
        line = gettext("Should %(shop)s send money back for %(item)s, it goes to another address than before.")
    else:
        subject = gettext("%(shop)s: where a refund goes") % {"shop": about.shop}
        line = gettext(
            "Your payment page was given an address: money that %(shop)s sends back for %(item)s goes there."
        )
    addresses = [(gettext("Address"), session.refund_address), (gettext("Before"), former)]
    support = support_for(session)
    wrong = gettext("If that was not you, write to %(shop)s at once.")
    if support.email:
        wrong = gettext("If that was not you, write to %(shop)s at once: %(email)s")
    return Content(
        subject=subject,
        heading=gettext("Where a refund goes"),
        lines=(
            line % {"shop": about.shop, "item": about.item},
            filled(wrong, {"shop": about.shop, "email": support.linked_email}),
        ),
        facts=(*_order(about), *((name, address) for name, address in addresses if address)),
        link=(gettext("See or change it"), refund_page_url(session)),
        after=(_no_keys(),),
    )


_CONTENTS: dict[LetterKind, Callable[[About], Content]] = {
    LetterKind.ASKED_TO_PAY: _asked_to_pay,
    LetterKind.RECEIPT: _receipt,
    LetterKind.TAKEN_BACK: _taken_back,
    LetterKind.RESTORED: _restored,
    LetterKind.EXPIRED: _expired,
    LetterKind.REFUND_WHERE: _refund_where,
    LetterKind.REFUND_SENT: _refund_sent,
    LetterKind.REFUND_DONE: _refund_done,
    LetterKind.REFUND_UNDONE: _refund_undone,
    LetterKind.REFUND_ADDRESS: _refund_address,
}


def _order(about: About) -> tuple[tuple[str, str], ...]:
    order = about.session.reference or ""
    return (
        (gettext("For"), about.item),
        *([(gettext("Order"), cut(order, LONGEST_NAME))] if order else []),
        (gettext("Price"), about.price),
    )


def _arrived(about: About) -> tuple[tuple[str, str], ...]:
    """What is there."""
    there = [payment for payment in sorted_payments(about.session) if not payment.vanished_at]
    return tuple(fact for payment in there for fact in _payment(payment))


def _gone(about: About) -> tuple[tuple[str, str], ...]:
    gone = [payment for payment in sorted_payments(about.session) if payment.vanished_at]
    return tuple(fact for payment in gone for fact in _payment(payment))


def _payment(payment: Payment) -> tuple[tuple[str, str], ...]:
    return (
        (gettext("Paid with"), _on(payment)),
        (gettext("Arrived"), moment_text(payment.arrived_at)),
        (gettext("Transaction"), payment.tx_hash),
    )


def _way_back(about: About) -> tuple[tuple[str, str], ...]:
    refund = about.refund
    assert refund is not None
    return (
        (gettext("Sent back"), _on(refund)),
        (gettext("To the address"), refund.to_address),
        (gettext("Transaction"), refund.tx_hash),
    )


def _on(moved: Payment | Refund) -> str:
    known = all_networks().get(moved.network)
    asset = known.assets.get(moved.asset) if known else None
    return gettext("%(amount)s on %(network)s") % {
        "amount": f"{asset_text(moved.amount_units, moved.decimals, asset)} {moved.asset}",
        "network": known.name if known else moved.network,
    }


def _refunded(about: About) -> str:
    refund = about.refund
    assert refund is not None
    known = all_networks().get(refund.network)
    asset = known.assets.get(refund.asset) if known else None
    return f"{asset_text(refund.amount_units, refund.decimals, asset)} {refund.asset}"


def _reason(about: About) -> tuple[str, ...]:
    refund = about.refund
    return (gettext("They say: %(reason)s") % {"reason": refund.reason},) if refund and refund.reason else ()


def _no_keys() -> str:
    return gettext("Nobody needs your private key or seed words for this: never give them to anyone.")
