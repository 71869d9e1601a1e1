"""What is left of texts, sessions and their JSON once a buyer is forgotten. Pure: nothing is read or written here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sessions_app.models import CheckoutSession, Customer

NAME = "Erased"
_WORD = "erased"
# Shorter ones are names of things as well, and would take half of a sentence with them.
_SHORTEST = 3


def placeholder(customer: Customer) -> str:
    """Stands where the e-mail address stood: unlike any other's, and no mail server ever takes it (RFC 2606)."""
    return f"{customer.public_id}@erased.invalid"


def is_erased(session: CheckoutSession) -> bool:
    """Whether the session's buyer was erased: then there is nobody to write to, and nothing new is kept of them."""
    return session.email == placeholder(session.customer)


def can_be_written_to(session: CheckoutSession) -> bool:
    """Whether anybody is known to write to."""
    return bool(session.email) and not is_erased(session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A buyer's words, and what stands in their place."""

    customer_id: str  # public id; stays
    email: str  # the placeholder
    people: frozenset[str]  # e-mail addresses, names
    wallets: frozenset[str] = frozenset()  # where refunds were to go

    def in_note(self, text: str) -> str:
        """What somebody wrote about the buyer, without the buyer's words, in whatever case."""
        return _without(self.people | self.wallets, text)

    def in_text(self, text: str) -> str:
        """The same for other texts. A name of one word stays: it may be the name of a thing, or a word of ours."""
        return _without({each for each in self.people if "@" in each or " " in each.strip()} | self.wallets, text)

    def in_json(self, value: Any, *, of: str = "") -> Any:
        """The same for all texts of a JSON value that stands under the name `of`."""
        if isinstance(value, str):
            return self.in_note(value) if of == "note" else self.in_text(value)
        if isinstance(value, list):
            return [self.in_json(each, of=of) for each in value]
        if not isinstance(value, dict):
            return value
        if value.get("customerId") == self.customer_id:
            return self.in_session(value)
        left = {name: self.in_json(each, of=name) for name, each in value.items()}
        if value.get("id") == self.customer_id:
            left |= {"email": self.email, "name": NAME}
        return left

    def in_session(self, content: dict[str, Any]) -> dict[str, Any]:
        """The same for a session of the buyer, as API and events show it. Payments stay as the chain has them."""
        left = content | {"email": self.email, "name": NAME, "metadata": {}}
        for name in _TEXTS & content.keys():
            left[name] = content[name] and self.in_text(content[name])
        for name in _URLS & content.keys():
            left[name] = bare(content[name])
        if "customer" in content:
            left["customer"] = content["customer"] | {"email": self.email, "name": NAME}
        if "refunds" in content:
            left["refunds"] = [self._in_refund(refund) for refund in content["refunds"]]
        if "refund" in content:
            left["refund"] = self._in_refund(content["refund"])
        return left

    def _in_refund(self, content: dict[str, Any]) -> dict[str, Any]:
        reason = content.get("reason")
        return content | {"address": "", **({"reason": self.in_note(reason)} if reason else {})}

    def in_row(self, session: CheckoutSession) -> None:
        """The same for a session itself; it is not saved."""
        session.email, session.name, session.metadata = self.email, NAME, {}
        session.refund_address = session.buyer_language = ""
        session.success_url, session.cancel_url = bare(session.success_url), bare(session.cancel_url)
        session.product_id = self.in_text(session.product_id)
        session.product_name = self.in_text(session.product_name)
        session.product_description = self.in_text(session.product_description)
        session.reference = session.reference and self.in_text(session.reference)


_TEXTS = {"productId", "productName", "productDescription", "reference"}
_URLS = {"successUrl", "cancelUrl"}
# What `in_row` changes.
FIELDS = [
    "email", "name", "metadata", "refund_address", "buyer_language", "success_url", "cancel_url", "product_id",
    "product_name", "product_description", "reference",
]  # fmt: skip


def bare(url: str) -> str:
    """The shop's address alone: path and query may say who the buyer is. Empty stays empty."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/" if parts.netloc else ""


def _without(words: Iterable[str], text: str) -> str:
    """Also as they stand in a URL. Longer ones first, so that no part of one is left standing."""
    whole = {word.strip() for word in words}
    spelled = {each for word in whole if len(word) >= _SHORTEST for each in (word, quote(word), quote(word, safe=""))}
    if not spelled:
        return text
    either = "|".join(re.escape(word) for word in sorted(spelled, key=lambda word: (-len(word), word)))
    return re.sub(rf"(?<!\w)(?:{either})(?!\w)", _WORD, text, flags=re.IGNORECASE)
