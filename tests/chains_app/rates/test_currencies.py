"""Which currencies can be asked for, with how many decimals, priced by whom; and the command that lists them."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from chains_app.rates.exchange_rates import rate
from chains_app.rates.pairs import pair
from chains_app.rates.snapshots import take_snapshot
from common.fiat.currencies import Currency
from common.modes import Mode
from common.money import minor_digits
from merchants_app.businesses.money_rules import most_missing
from merchants_app.models import Merchant
from tests.cast import Api
from tests.fake_rates import FakeRates

ROOT = Path(__file__).resolve().parents[3]
# Code → decimals, roughly for a dollar, as Kraken is asked for it.
KNOWN = {
    "EUR": (2, "0.88", "EURUSD"), "GBP": (2, "0.76", "GBPUSD"), "CHF": (2, "0.83", "USDCHF"),
    "JPY": (0, "152", "USDJPY"), "CAD": (2, "1.38", "USDCAD"), "AUD": (2, "1.53", "AUDUSD"),
    "NGN": (2, "1500", ""), "KWD": (3, "0.307", ""), "TND": (3, "2.95", ""), "BHD": (3, "0.377", ""),
    "ISK": (0, "126", ""), "KRW": (0, "1450", ""), "VND": (0, "26300", ""), "CLP": (0, "950", ""),
    "SEK": (2, "9.5", ""), "PLN": (2, "3.66", ""), "MXN": (2, "18.5", ""), "INR": (2, "88", ""),
    "IDR": (2, "16600", ""), "TRY": (2, "42", ""), "XOF": (0, "577", ""), "ZAR": (2, "17.5", ""),
}  # fmt: skip


def test_all_that_a_source_prices_can_be_asked_for() -> None:
    assert len(Currency) == 143
    for code, (decimals, about, kraken) in KNOWN.items():
        found = pair(f"USD/{Currency(code)}")
        assert (minor_digits(code), found.about, found.at_coinbase) == (decimals, Decimal(about), True)
        is_inverse = kraken.endswith("USD")
        assert (found.kraken[:1], found.inverse) == ((kraken,) if kraken else (), is_inverse)
    # Metals, funds, retired and offshore ones are no currencies of ISO 4217 in use.
    assert {"XAU", "XDR", "EEK", "BGN", "CNH", "CLF", "BTC", "VEF"}.isdisjoint(Currency.values)


def answers(rates: dict[str, str], markets: dict[str, Any], folder: Path) -> list[str]:
    """Files with what the sources answer, and where to write to."""
    (folder / "common/fiat").mkdir(parents=True)
    (folder / "chains_app/rates").mkdir(parents=True)
    said = {
        "coinbase": {"data": {"currency": "USD", "rates": rates}},
        "kraken": {"error": [], "result": markets},
    }
    for name, answer in said.items():
        (folder / name).write_text(json.dumps(answer))
    return [str(folder / "coinbase"), str(folder / "kraken"), f"--root={folder}"]


def test_the_list_is_made_of_what_the_sources_answer(tmp_path: Path) -> None:
    markets = {
        "ZEURZUSD": {"altname": "EURUSD", "wsname": "EUR/USD"},
        "USDCHF": {"altname": "USDCHF", "wsname": "USD/CHF"},
        "EURCHF": {"altname": "EURCHF", "wsname": "EUR/CHF"},
        "XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD"},
        "OLD.d": {"altname": "OLD.d"},
    }
    rates = {"USD": "1.0", "EUR": "0.87654", "KWD": "0.30671", "XAU": "0.0002", "BTC": "0.00001", "PAB": "0"}
    call_command("list_currencies", *answers(rates, markets, tmp_path))
    assert tomllib.loads((tmp_path / "chains_app/rates/currency_pairs.toml").read_text()) == {
        "USD/CHF": {"coinbase": False, "kraken": ["USDCHF"]},
        "USD/EUR": {"about": "0.877", "kraken": ["EURUSD", "ZEURZUSD"], "inverse": True},
        "USD/KWD": {"about": "0.307"},
    }
    written = (tmp_path / "common/fiat/currencies.py").read_text()
    assert '\n    CHF = "CHF", "Swiss Franc"\n    EUR = "EUR", "Euro"\n    KWD = "KWD", "Kuwaiti Dinar"\n' in written


def test_what_is_committed_is_what_the_command_writes(tmp_path: Path) -> None:
    listed = tomllib.loads((ROOT / "chains_app/rates/currency_pairs.toml").read_text())
    rates = {"USD": "1"} | {name[4:]: facts["about"] for name, facts in listed.items()}
    markets = {
        facts["kraken"][-1]: {
            "altname": facts["kraken"][0],
            "wsname": f"{name[4:]}/USD" if "inverse" in facts else f"USD/{name[4:]}",
        }
        for name, facts in listed.items()
        if "kraken" in facts
    }
    call_command("list_currencies", *answers(rates, markets, tmp_path))
    for path in ("common/fiat/currencies.py", "chains_app/rates/currency_pairs.toml"):
        assert (tmp_path / path).read_text() == (ROOT / path).read_text()


def test_anything_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="not the two answers"):
        call_command("list_currencies", *answers({"EUR": "soon"}, {}, tmp_path))
    assert not (tmp_path / "common/fiat/currencies.py").exists()


def test_a_currency_that_one_source_prices_has_a_rate(sources: FakeRates, db: None) -> None:
    sources.coinbase.prices["USD/ISK"] = "126.5"
    now = timezone.now()
    take_snapshot(now=now, seconds=20)
    found = rate("ETH", "ISK", mode=Mode.LIVE, now=now)
    assert (found.value, found.provenance["rule"]) == (Decimal(379_500), "only_source")


def test_about_a_dollar_may_be_missing_in_each_of_them(mia: Merchant) -> None:
    mia.refresh_from_db()
    assert most_missing(mia, "ISK") == 126
    assert most_missing(mia, "VND") == 26_300
    assert all(Decimal("0.3") <= most_missing(mia, code) for code in Currency.values)


def test_a_shop_reads_which_there_are(api: Api) -> None:
    listed = {each["code"]: each for each in api.get("currencies").answer}
    assert set(listed) == set(Currency.values)
    assert (listed["KWD"]["name"], listed["KWD"]["decimals"]) == ("Kuwaiti Dinar", 3)
    assert {"coinbase", "kraken"}.isdisjoint({*listed["USD"]["sources"]} ^ {*listed["JPY"]["sources"]})
    assert "kraken" not in listed["KWD"]["sources"]
    refused = api.get("payment-options?amount=1&currency=XAU").answer["errors"][0]
    assert (refused["attr"], refused["code"]) == ("currency", "invalid_choice")
