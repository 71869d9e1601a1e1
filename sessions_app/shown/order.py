"""What is bought, from whom, and for how much: the head of every page of a buyer."""

from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import get_language, gettext

from merchants_app.businesses.brand import is_color, sheet_in
from merchants_app.models import Merchant
from sessions_app.letters.support import Support, support_for, support_of
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.reading.amounts import cut, masked_email, money_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, or what a payment link offers."""

    shop: str
    support: Support
    terms_url: str
    privacy_url: str
    thanks: str
    thanks_language: str  # empty: the shop says the same in all others, and we do not know in which that is
    returns_by_itself: bool
    languages: list[str]  # what its buyer can choose among
    logo: str  # names the picture in its address; empty: there is none
    brand_color: str
    is_test: bool

    item: str
    description: str
    price: str  # '49.00'; of a link whose buyer chooses, words
    currency: str  # empty beside words
    reference: str = ""
    email: str = ""  # the buyer's, masked
    is_open: bool = True  # over without being paid: the price is struck through

    @property
    def initial(self) -> str:
        """Stands where a shop has no logo."""
        return self.shop[:1].upper()

    @property
    def brand(self) -> str:
        """The colour as the path of its style sheet names it; empty for none that is one."""
        return self.brand_color.removeprefix("#").lower() if is_color(self.brand_color) else ""

    @property
    def sheet_version(self) -> str:
        """Names that style sheet's content; empty for none."""
        sheet = sheet_in(self.brand_color)
        return sheet.version if sheet else ""


def order_of(session: CheckoutSession, *, is_open: bool = True) -> Order:
    """The order of a session."""
    return Order(
        **_of_shop(session.merchant, session.mode, support_for(session)),
        item=cut(session.product_name, 250),
        description=cut(session.product_description, 1000),
        price=money_text(session.amount, session.currency),
        currency=session.currency,
        reference=session.reference or "",
        email=masked_email(session.email),
        is_open=is_open,
    )


def offer_of(link: PaymentLink, *, is_open: bool = True) -> Order:
    """What a payment link offers to everybody."""
    return Order(
        **_of_shop(link.merchant, link.mode, support_of(link.merchant)),
        item=cut(link.product_name, 250),
        description=cut(link.product_description, 1000),
        price=gettext("Any amount") if link.amount is None else money_text(link.amount, link.currency),
        currency="" if link.amount is None else link.currency,
        is_open=is_open,
    )


class _Shop(TypedDict):
    shop: str
    support: Support
    terms_url: str
    privacy_url: str
    thanks: str
    thanks_language: str
    returns_by_itself: bool
    languages: list[str]
    logo: str
    brand_color: str
    is_test: bool


def _of_shop(merchant: Merchant, mode: str, support: Support) -> _Shop:
    language = get_language() or ""
    return {
        "shop": merchant.name,
        "support": support,
        "terms_url": merchant.word("terms_url", language=language),
        "privacy_url": merchant.word("privacy_url", language=language),
        "thanks": merchant.word("thanks", language=language),
        "thanks_language": language if merchant.own_word("thanks", language=language) else "",
        "returns_by_itself": merchant.returns_by_itself,
        "languages": merchant.speaks.languages,
        "logo": merchant.logo_digest,
        "brand_color": merchant.brand_color,
        "is_test": mode == "test",
    }
