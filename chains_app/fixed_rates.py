"""The rates of test mode: a fixed table, so that a test pays the same every day. Data: test_rates.toml."""

import tomllib
from decimal import Decimal, localcontext
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("test_rates.toml")


def fixed_rate(asset: str, currency: str) -> Decimal | None:
    """The price of one whole asset; None when the table does not have the asset or the currency."""
    dollars, per_dollar = _table()["assets"].get(asset), _table()["currencies"].get(currency)
    if dollars is None or per_dollar is None:
        return None
    with localcontext(prec=60):
        return Decimal(dollars) * Decimal(per_dollar)


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
