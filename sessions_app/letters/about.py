"""What a letter to a buyer is about, with all that it tells at hand."""

from dataclasses import dataclass

from sessions_app.models import AddressChange, CheckoutSession, Letter, Refund
from sessions_app.reading.amounts import cut, money_text
from sessions_app.sentences import Sentence, filled

LONGEST_NAME = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a letter is about, with all that it tells at hand (`facts.with_facts`)."""

    letter: Letter
    session: CheckoutSession
    refund: Refund | None = None
    change: AddressChange | None = None  # the newest that holds; None: the first address stands

    @property
    def shop(self) -> str:
        """Who was paid."""
        return self.session.merchant.name

    @property
    def item(self) -> str:
        """What for."""
        return cut(self.session.product_name, LONGEST_NAME)

    @property
    def price(self) -> str:
        """'49.00 USD'."""
        return f"{money_text(self.session.amount, self.session.currency)} {self.session.currency}"

    def says(self, words: str, **facts: object) -> Sentence:
        """The words with shop, item, price and such facts in their places."""
        return filled(words, {"shop": self.shop, "item": self.item, "price": self.price} | facts)
