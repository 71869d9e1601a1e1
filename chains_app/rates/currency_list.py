"""Which currencies can be asked for: those of ISO 4217 in use that a source prices. Writes the two files that say so.

From the sources' own public lists, as `manage.py list_currencies` is given them. What is written is looked at before it
is committed: a currency that a source leaves out for a day is no reason to take it from shops that sell in it.
"""

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_territory_currencies

from common.money import plain

_DOLLAR = "USD"
# The euro since 2026-01-01, of which CLDR does not know yet.
_ENDED = frozenset({"BGN"})
# Enough to notice a slip of the decimal point by.
_ROUGH = Context(prec=3)

_PAIRS_HEAD = """\
# What a dollar is in each currency, and what the sources call that; written by `manage.py list_currencies`.
# The keys are explained in rate_pairs.toml.
"""
_CLASS_HEAD = '''\
"""The currencies that can be asked for; written by `manage.py list_currencies`. Their decimals come from CLDR."""

from django.db.models import TextChoices


class Currency(TextChoices):
    """ISO 4217 codes of those that a source of rates prices."""

'''


def currencies_listed(coinbase: Any, kraken: Any) -> dict[str, dict[str, Any]]:
    """Facts about each currency's pair with the dollar, in the words of rate_pairs.toml.

    Of Coinbase's answer to `GET /v2/exchange-rates?currency=USD`, and Kraken's to `GET /0/public/AssetPairs`.
    """
    rates = {code: Decimal(rate) for code, rate in coinbase["data"]["rates"].items()}
    markets = _markets(kraken)
    listed = {}
    for code in sorted(_in_use()):
        if code in markets or rates.get(code):
            facts: dict[str, Any] = {"about": plain(_ROUGH.plus(rates[code]))} if code in rates else {"coinbase": False}
            listed[code] = facts | markets.get(code, {})
    return listed


def pairs_file(listed: Mapping[str, Mapping[str, Any]]) -> str:
    """currency_pairs.toml."""
    parts = [_PAIRS_HEAD]
    for code, facts in listed.items():
        if code != _DOLLAR:
            lines = [f"{name} = {_toml(value)}" for name, value in facts.items()]
            parts.append("\n".join([f'["USD/{code}"]', *lines, ""]))
    return "\n".join(parts)


def class_file(listed: Mapping[str, Any]) -> str:
    """common/fiat/currencies.py."""
    names = Locale("en").currencies
    return _CLASS_HEAD + "".join(f'    {code} = "{code}", "{names[code]}"\n' for code in listed)


def _in_use() -> set[str]:
    """What is legal tender somewhere today."""
    places = Locale("en").territories
    return {code for place in places for code in get_territory_currencies(str(place))} - _ENDED


def _markets(kraken: Any) -> dict[str, dict[str, Any]]:
    """Kraken's markets of a currency and the dollar, in whichever order it has them."""
    found = {}
    for name, market in kraken["result"].items():
        base, _, quote = market.get("wsname", "").partition("/")
        if _DOLLAR in {base, quote}:
            facts: dict[str, Any] = {"kraken": list(dict.fromkeys([market["altname"], name]))}
            found[base if quote == _DOLLAR else quote] = facts | ({"inverse": True} if quote == _DOLLAR else {})
    return found


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"'
