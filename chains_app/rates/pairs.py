"""What is priced and what the sources call it; data: rate_pairs.toml and, of currencies, currency_pairs.toml."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from common.fiat.currencies import Currency

_FILES = [Path(__file__).with_name(name) for name in ("rate_pairs.toml", "currency_pairs.toml")]


class _Facts(BaseModel):
    """A table of the files; the head of the first explains the keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: Decimal | None = None
    kraken: tuple[str, ...] = ()
    inverse: bool = False
    coinbase: bool = True
    sold_as: str = ""
    feed_names: tuple[str, ...] = ()
    feed_hours: float | None = None


_FACTS = TypeAdapter(dict[str, _Facts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An asset priced in dollars (ETH/USD), or the dollar priced in a currency (USD/EUR)."""

    base: str
    quote: str
    about: Decimal | None  # None: an asset of the operator's own, of which nothing is known
    kraken: tuple[str, ...]
    inverse: bool
    at_coinbase: bool
    sold_as: str  # what exchanges call the base
    feed_names: tuple[str, ...]
    feed_age: timedelta

    @property
    def name(self) -> str:
        """'ETH/USD'."""
        return f"{self.base}/{self.quote}"

    @property
    def is_currency(self) -> bool:
        """Whether it prices the dollar in a currency."""
        return self.base == "USD"

    @property
    def feed(self) -> str:
        """The pair as Chainlink has it: always something in dollars."""
        return f"{self.quote}/USD" if self.is_currency else self.name


def pairs_for(assets: Iterable[str]) -> dict[str, Pair]:
    """The pairs that price these assets in every currency, by name."""
    names = [f"{asset}/USD" for asset in sorted(set(assets))]
    names += [f"USD/{currency}" for currency in Currency.values if currency != "USD"]
    return {name: pair(name) for name in names}


def pair(name: str) -> Pair:
    """The pair of this name, listed in a file or not."""
    base, quote = name.split("/")
    listed = _facts().get(name)
    facts = listed or _Facts()
    feed = f"{quote} / USD" if base == "USD" else f"{base} / USD"
    # An asset that an operator added is asked for under the name it would have; who does not know it says so.
    guess = [] if base == "USD" else [f"{base}USD", f"X{base}ZUSD"]
    return Pair(
        base=base,
        quote=quote,
        about=facts.about,
        kraken=facts.kraken if listed else tuple(guess),
        inverse=facts.inverse,
        at_coinbase=facts.coinbase,
        sold_as=facts.sold_as or base,
        feed_names=facts.feed_names or (feed,),
        # Feeds of currencies have a heartbeat of a day, those of coins of an hour or less.
        feed_age=timedelta(hours=facts.feed_hours or (25 if base == "USD" else 1.5)),
    )


def about_a_dollar(currency: str) -> Decimal:
    """Roughly what a dollar comes to in a currency, by the file alone: the same whatever the sources say today."""
    return Decimal(1) if currency == "USD" else pair(f"USD/{currency}").about or Decimal(1)


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, _Facts]:
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in _FILES]
    return _FACTS.validate_python({name: facts for table in tables for name, facts in table.items()})
