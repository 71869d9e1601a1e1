"""What each letter to a buyer says: whole sentences, of which HTML and text are made alike. Reads nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from chains_app.networks.networks import all_networks
from sessions_app.letters.about import LONGEST_NAME, About, names_of
from sessions_app.letters.support import support_for
from sessions_app.models import Payment, Refund
from sessions_app.reading.amounts import asset_text, cut, moment_text, money_text
from sessions_app.refunding.mails import refund_page_url
from sessions_app.sentences import Sentence, filled
from sessions_app.sentences import gettext as _
from sessions_app.state.representation import page_url, receipt_url, received_value, sorted_payments
from sessions_app.status import LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A letter before it has a shape. Of a `Sentence`, HTML keeps the facts from translating browsers."""

    subject: str
    heading: str
    lines: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()  # kept whole, but what is a `Sentence`
    link: tuple[str, str]  # what it is called, and where it leads
    after: tuple[str, ...] = field(default=())


def content_of(about: About) -> Content:
    """What the letter says, in the language in force."""
    return _CONTENTS[LetterKind(about.letter.kind)](about)


def _asked_to_pay(about: About) -> Content:
    session, asks = about.session, about.says(_("%(shop)s asks you for a payment"))
    return Content(
        subject=asks,
        heading=asks,
        lines=(session.product_description,) if session.product_description else (),
        facts=_order(about),
        link=(_("Open the payment"), page_url(session)),
        after=(about.says(_("The link holds until %(end)s."), end=_moment(about, session.expires_at)),),
    )


def _receipt(about: About) -> Content:
    session = about.session
    lines = [about.says(_("%(shop)s has received your payment of %(price)s for %(item)s. It is final."))]
    received = received_value(session)
    if received < session.amount:
        arrived = f"{money_text(received, session.currency)} {session.currency}"
        lines.append(about.says(_("%(amount)s arrived, which %(shop)s takes as paid."), amount=arrived))
    if session.needs_decision:
        lines.append(
            about.says(_("More arrived than was due. %(shop)s has been told and decides what becomes of the rest."))
        )
    return Content(
        subject=about.says(_("Your receipt from %(shop)s: %(price)s")),
        heading=_("Paid"),
        lines=tuple(lines),
        facts=(*_order(about), *_arrived(about)),
        link=(_("Open the receipt"), receipt_url(session)),
        after=(_("The receipt is signed: whoever you show it to can check it."),),
    )


def _taken_back(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: the network took your payment back")),
        heading=_("The network took your payment back"),
        lines=(
            about.says(
                _("We wrote to you that %(price)s was paid for %(item)s. The network has dropped that payment since.")
            ),
            about.says(_("So the receipt does not hold any more. %(shop)s has been told.")),
            about.says(
                _("Look into your wallet first: the money may be there again. Pay again only if %(shop)s asks.")
            ),
        ),
        facts=(*_order(about), *_gone(about)),
        link=(_("See how it stands"), page_url(about.session)),
    )


def _restored(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: your payment is there again")),
        heading=_("Your payment is there again"),
        lines=(
            about.says(_("The network had dropped your payment of %(price)s for %(item)s. It is final now after all.")),
            _("The receipt holds. There is nothing for you to do."),
        ),
        facts=(*_order(about), *_arrived(about)),
        link=(_("Open the receipt"), receipt_url(about.session)),
    )


def _expired(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: the time to pay is over, and money of yours is here")),
        heading=_("The time to pay is over"),
        lines=(
            about.says(_("Money arrived for %(item)s (%(price)s), but it does not pay for it. It is not lost.")),
            about.says(_("%(shop)s has been told. To send it back, it needs an address of a wallet of yours.")),
        ),
        facts=(*_order(about), *_arrived(about)),
        link=(_("Say where it shall go back to"), refund_page_url(about.session)),
        after=(_no_keys(),),
    )


def _refund_where(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: where shall your money go back to?")),
        heading=_("Where shall your money go back to?"),
        lines=(
            about.says(_("%(shop)s wants to send money back to you for %(item)s (%(price)s).")),
            *_reason(about),
            _("Please leave an address of your own wallet. The page asks for that and nothing else."),
        ),
        facts=_order(about),
        link=(_("Leave an address"), refund_page_url(about.session)),
        after=(_no_keys(),),
    )


def _refund_sent(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: money is on its way back to you")),
        heading=_("Money is on its way back to you"),
        lines=(
            about.says(_("%(shop)s has sent %(amount)s back to you for %(item)s."), amount=_refunded(about)),
            *_reason(about),
            _("The network shows it already. We write again once it is final."),
        ),
        facts=(*_order(about), *_way_back(about)),
        link=(_("See how it stands"), page_url(about.session)),
    )


def _refund_done(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: your money is back")),
        heading=_("Your money is back"),
        lines=(
            about.says(_("%(amount)s has gone back to you for %(item)s. It is final."), amount=_refunded(about)),
            *_reason(about),
        ),
        facts=(*_order(about), *_way_back(about)),
        link=(_("See how it stands"), page_url(about.session)),
    )


def _refund_undone(about: About) -> Content:
    return Content(
        subject=about.says(_("%(shop)s: the network took a refund back")),
        heading=_("The network took a refund back"),
        lines=(
            about.says(
                _("We wrote to you that %(amount)s went back to you for %(item)s. The network has dropped it since."),
                amount=_refunded(about),
            ),
            about.says(_("%(shop)s has been told and can send it again. There is nothing for you to do.")),
        ),
        facts=_order(about),
        link=(_("See how it stands"), page_url(about.session)),
    )


def _refund_address(about: About) -> Content:
    session, former = about.session, about.change.former if about.change else ""
    if former:
        subject = about.says(_("%(shop)s: a refund goes to another address now"))
        line = _("Should %(shop)s send money back for %(item)s, it goes to another address than before.")
    else:
        subject = about.says(_("%(shop)s: where a refund goes"))
        line = _("Your payment page was given an address: money that %(shop)s sends back for %(item)s goes there.")
    addresses = [(_("Address"), session.refund_address), (_("Before"), former)]
    support = support_for(session)
    wrong = _("If that was not you, write to %(shop)s at once.")
    if support.email:
        wrong = _("If that was not you, write to %(shop)s at once: %(email)s")
    return Content(
        subject=subject,
        heading=_("Where a refund goes"),
        lines=(
            about.says(line),
            about.says(wrong, email=support.linked_email),
        ),
        facts=(*_order(about), *((name, address) for name, address in addresses if address)),
        link=(_("See or change it"), refund_page_url(session)),
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
    order, names = about.session.reference or "", names_of(about.session)
    return (
        (_("For"), names["item"]),
        *([(_("Order"), cut(order, LONGEST_NAME))] if order else []),
        (_("Price"), names["price"]),
    )


def _arrived(about: About) -> tuple[tuple[str, str], ...]:
    """What is there."""
    there = [payment for payment in sorted_payments(about.session) if not payment.vanished_at]
    return tuple(fact for payment in there for fact in _payment(about, payment))


def _gone(about: About) -> tuple[tuple[str, str], ...]:
    gone = [payment for payment in sorted_payments(about.session) if payment.vanished_at]
    return tuple(fact for payment in gone for fact in _payment(about, payment))


def _payment(about: About, payment: Payment) -> tuple[tuple[str, str], ...]:
    return (
        (_("Paid with"), _on(payment)),
        (_("Arrived"), _moment(about, payment.arrived_at)),
        (_("Transaction"), payment.tx_hash),
    )


def _way_back(about: About) -> tuple[tuple[str, str], ...]:
    refund = about.refund
    assert refund is not None
    return (
        (_("Sent back"), _on(refund)),
        (_("To the address"), refund.to_address),
        (_("Transaction"), refund.tx_hash),
    )


def _moment(about: About, at: datetime) -> str:
    """With the business's clock: no script of the letter's knows the reader's."""
    return moment_text(at, place=about.session.merchant.time_zone)


def _on(moved: Payment | Refund) -> Sentence:
    known = all_networks().get(moved.network)
    asset = known.assets.get(moved.asset) if known else None
    return filled(
        _("%(amount)s on %(network)s"),
        {
            "amount": f"{asset_text(moved.amount_units, moved.decimals, asset)} {moved.asset}",
            "network": known.name if known else moved.network,
        },
    )


def _refunded(about: About) -> str:
    refund = about.refund
    assert refund is not None
    known = all_networks().get(refund.network)
    asset = known.assets.get(refund.asset) if known else None
    return f"{asset_text(refund.amount_units, refund.decimals, asset)} {refund.asset}"


def _reason(about: About) -> tuple[str, ...]:
    refund = about.refund
    return (about.says(_("They say: %(reason)s"), reason=Sentence(refund.reason)),) if refund and refund.reason else ()


def _no_keys() -> str:
    return _("Nobody needs your private key or seed words for this: never give them to anyone.")
