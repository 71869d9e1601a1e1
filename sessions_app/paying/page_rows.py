"""In which version PostgreSQL holds every row that a buyer's page is made of: nothing of it can change unnoticed.

A row's place (`ctid`) and the transaction that wrote it (`xmin`) are others after each UPDATE. So nobody has to tell
pages of a change, and no change has to be thought of here. One statement asks for thousands of open pages at once.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from chains_app.models import ScanCursor
from chains_app.reading.health import NOTICED_AFTER
from common.database import fetch
from common.network.languages import Offer
from merchants_app.models import Merchant
from sessions_app.models import (
    Announcement,
    Authorization,
    CheckoutSession,
    Decision,
    DepositAddress,
    Letter,
    Payment,
    PaymentLink,
    Quote,
    Refund,
)

_SESSION = CheckoutSession._meta.db_table
_CURSOR = ScanCursor._meta.db_table
_QUOTE = Quote._meta.db_table
_VERSION = "concat(row.ctid, row.xmin)"
# ruff: noqa: S608  (what is put into the statements are names of our own)
_PARENTS = ", ".join(
    f"(SELECT {_VERSION} FROM {model._meta.db_table} AS row WHERE row.id = {_SESSION}.{key})"
    for model, key in ((Merchant, "merchant_id"), (Quote, "quote_id"), (PaymentLink, "payment_link_id"))
)
_CHILDREN = ", ".join(
    f"(SELECT string_agg({_VERSION}, ',') FROM {model._meta.db_table} AS row WHERE row.session_id = {_SESSION}.id)"
    for model in (Announcement, Authorization, Decision, DepositAddress, Letter, Payment, Refund)
)
# Of the networks: how far those of unconfirmed payments are, and which of those to choose from are not offered.
_ROWS = f"""
ROW({_SESSION}.ctid, {_SESSION}.xmin, {_PARENTS}, {_CHILDREN}, (
    SELECT string_agg(cursor.network || cursor.head, ',') FROM {_CURSOR} AS cursor
    WHERE cursor.network IN (
        SELECT network FROM {Payment._meta.db_table} AS payment
        WHERE payment.session_id = {_SESSION}.id AND payment.confirmed_at IS NULL AND payment.vanished_at IS NULL
    )
), (
    SELECT string_agg(concat(cursor.network, cursor.closed_since), ',') FROM {_CURSOR} AS cursor
    LEFT JOIN {_QUOTE} AS quote ON quote.id = {_SESSION}.quote_id
    WHERE (cursor.unread_since <= %s::timestamptz OR cursor.closed_since IS NOT NULL)
        AND (quote.id IS NULL OR quote.network = cursor.network)
))::text
"""
_PAGES = f"""
SELECT {_SESSION}.page_token, {_ROWS}, {_SESSION}.buyer_language, {_SESSION}.locale,
    merchant.languages, merchant.language, {_SESSION}.status, quote.network
FROM {_SESSION} JOIN {Merchant._meta.db_table} AS merchant ON merchant.id = {_SESSION}.merchant_id
LEFT JOIN {_QUOTE} AS quote ON quote.id = {_SESSION}.quote_id
WHERE {_SESSION}.page_token = ANY(%s::text[])
"""

# PostgreSQL makes a plan once for all, and not for each call, where it takes all calls to be as large: it guesses ten.
_NO_PAGES = tuple(f"no page {number}" for number in range(10))


class PageRows(NamedTuple):
    """The versions of one page's rows, the languages asked for and on offer, and whether somebody waits for money."""

    versions: str
    buyer_language: str
    locale: str
    languages: list[str]
    language: str
    status: str
    network: str | None

    @property
    def wished_languages(self) -> tuple[str, str]:
        """As the session's."""
        return self.buyer_language, self.locale

    @property
    def speaks(self) -> Offer:
        """As the business's."""
        return Offer(self.languages, self.language)


def page_rows(page_tokens: Collection[str], *, now: datetime) -> dict[str, PageRows]:
    """Of the pages that there are, by their tokens."""
    asked = [*page_tokens, *_NO_PAGES[len(page_tokens) :]]
    found = fetch(_PAGES, [now - NOTICED_AFTER, asked])
    return {token: PageRows(*of) for token, *of in found}
