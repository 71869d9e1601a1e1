"""A month as a journal that beancount reads: an entry for each line of the books, balanced by its own worth.

Accounts and entries are described in docs/books.md; a test has beancount's own checker read one.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F

from common.money import amount_text, plain
from common.postgresql.poolers import read_in_pieces
from merchants_app.businesses.days import next_month
from merchants_app.models import Merchant
from sessions_app.books.definitions import book_lines
from sessions_app.models import BookLine, LineKind

_AT_ONCE = 2_000
INCOME, FEES = "Income:Sales", "Expenses:NetworkFees"
UNDONE, REFUNDS = "Income:Sales:TakenBack", "Income:Sales:Refunds"
_FROM_TO = {
    # Where it comes from, and where it goes: a word stands for the account of the line's own asset.
    LineKind.RECEIVED: (INCOME, "Deposits"),
    LineKind.TAKEN_BACK: ("Deposits", UNDONE),
    LineKind.COLLECTED: ("Deposits", "Wallet"),
    LineKind.COLLECTION_TAKEN_BACK: ("Wallet", "Deposits"),
    LineKind.REFUNDED: ("Wallet", REFUNDS),
    LineKind.REFUND_TAKEN_BACK: (REFUNDS, "Wallet"),
    LineKind.NETWORK_FEE: ("Wallet", FEES),
    LineKind.FEE_TAKEN_BACK: (FEES, "Wallet"),
}
_OPENED = "1970-01-01"


def journal(merchant: Merchant, mode: str, month: date) -> Generator[bytes, None, None]:
    """The month's entries after the accounts they use. Lines of no known worth are told in units on both sides."""
    last = next_month(month) - timedelta(days=1)
    lines = book_lines(merchant, mode, first=month, last=last)
    options = set(lines.order_by().values_list("network", "asset", "reporting_currency").distinct())
    yield "".join(_head(merchant, mode, month, options)).encode()
    rows = lines.annotate(order=F("session__reference"), cs=F("session__public_id")).order_by("booked_on", "id")
    for line in read_in_pieces(rows, size=_AT_ONCE):
        yield _entry(line).encode()


def _head(merchant: Merchant, mode: str, month: date, options: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    yield f"; {_safe(merchant.name)}, {mode} mode, {month:%B %Y}, days of {merchant.time_zone}\n"
    yield "; Written by Tallystick. Names of accounts: docs/books.md\n\n"
    for account in (INCOME, UNDONE, REFUNDS, FEES):
        yield f"{_OPENED} open {account}\n"
    for network, asset in sorted({(network, asset) for network, asset, _ in options}):
        for pot in ("Deposits", "Wallet"):
            yield f"{_OPENED} open {_account(pot, network, asset)}\n"


def _entry(line: BookLine) -> str:
    kind = LineKind(line.kind)
    came_from, went_to = _FROM_TO[kind]
    what = getattr(line, "order", None) or getattr(line, "cs", None) or line.tx_hash
    units = f"{amount_text(line.amount_units, line.decimals)} {_commodity(line.asset)}"
    worth = ""  # not known; what is worth nothing has one
    if line.reporting_value is not None:
        worth = f"{plain(_rounded(line.reporting_value))} {line.reporting_currency}"
    head = f'\n{line.booked_on} * "{_safe(str(what or ""))}" "{kind.label}"\n  line: "{line.pk}"\n'
    if line.tx_hash:
        head += f'  tx: "{line.tx_hash}"\n'
    if not worth:
        head += '  worth: "unknown"\n'
    postings = []
    for account, sign in ((went_to, ""), (came_from, "-")):
        if ":" not in account:
            cost = f" @@ {worth}" if worth and line.asset != line.reporting_currency else ""
            postings.append(f"  {_account(account, line.network, line.asset)}  {sign}{units}{cost}\n")
        else:
            postings.append(f"  {account}  {sign}{worth or units}\n")
    return head + "".join(postings)


def _rounded(value: Decimal) -> Decimal:
    """Finer than any currency's smallest unit, and short enough to read."""
    return value.quantize(Decimal("0.00000001")) if abs(value) >= Decimal("0.000001") else value


def _account(pot: str, network: str, asset: str) -> str:
    """`Assets:Tallystick:Deposits:Base-Sepolia:USDC`."""
    named = "-".join(part.capitalize() for part in network.split("-"))
    return f"Assets:Tallystick:{pot}:{named}:{_commodity(asset)}"


def _commodity(symbol: str) -> str:
    """As beancount spells them: capitals, digits and a few signs, a letter first and no sign last."""
    spelled = re.sub(r"[^A-Z0-9._-]", "-", symbol.upper()).strip("._-")
    return spelled if spelled[:1].isalpha() and len(spelled) > 1 else f"X{spelled}"


def _safe(words: str) -> str:
    return words.replace("\\", "/").replace('"', "'").replace("\n", " ").replace("\r", " ")
