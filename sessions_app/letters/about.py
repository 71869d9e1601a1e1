"""What a letter to a buyer is about, with all that it tells at hand."""

from dataclasses import dataclass

from sessions_app.models import AddressChange, CheckoutSession, Letter, Refund
from sessions_app.reading.amounts import cut, money_text
from sessions_app.sentences import Sentence, filled

LONGEST_NAME = 250


def names_of(session: CheckoutSession) -> dict[str, str]:
    """What sentences about an order name: its shop, its item, and its price ('49.00 USD')."""
    return {
        "shop": session.merchant.name,
        "item": cut(session.product_name, LONGEST_NAME),
        "price": f"{money_text(session.amount, session.currency)} {session.currency}",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a letter is about, with all that it tells at hand (`facts.with_facts`)."""

    letter: Letter
    session: CheckoutSession
    refund: Refund | None = None
    change: AddressChange | None = None  # the newest that holds; None: the first address stands

    def says(self, words: str, **facts: object) -> Sentence:
        """The words with shop, item, price and such facts in their places."""
        return filled(words, names_of(self.session) | facts)
