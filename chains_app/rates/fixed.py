"""The rates of test mode: a fixed table, so that a test pays the same every day. Data: test_rates.toml."""

import tomllib
from decimal import Decimal, localcontext
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).with_name("test_rates.toml")


class _Table(BaseModel):
    """One whole asset in dollars, one dollar in each currency; as text in the file, so that no digit is lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    assets: dict[str, Decimal]
    currencies: dict[str, Decimal]


def fixed_rate(asset: str, currency: str) -> Decimal | None:
    """The price of one whole asset; None when the table does not have the asset or the currency."""
    dollars, per_dollar = _table().assets.get(asset), _table().currencies.get(currency)
    if dollars is None or per_dollar is None:
        return None
    with localcontext(prec=60):
        return dollars * per_dollar


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")))
