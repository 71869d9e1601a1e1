"""What a network takes for carrying a payment, from the price it asked for lately; silent where that is not known."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from chains_app.calls.gas import prices_of, transfer_gas
from chains_app.networks.networks import PaymentOption
from chains_app.rates.exchange_rates import Rates, RateUnavailable, rates_at
from common.money import minor_digits
from sessions_app.reading.amounts import money_text
from sessions_app.sentences import Sentence, filled, gettext

# By network and asset, in the session's currency.
Fees = Mapping[tuple[str, str], Decimal]


def fees_of(options: Iterable[PaymentOption], *, mode: str, currency: str, now: datetime) -> Fees:
    """About what each option's payment costs its buyer. Asks no node; leaves out what nobody has said lately."""
    chosen = list(options)
    prices, book = prices_of({option.network.id: option.network for option in chosen}.values()), None
    fees: dict[tuple[str, str], Decimal] = {}
    for option in chosen:
        network, key = option.network, (option.network.id, option.asset.symbol)
        if network.is_played:
            fees[key] = Decimal(0)
        elif network.id in prices and network.native:
            book = book or rates_at(mode=mode, now=now)
            rate = _rate(book, network.native.symbol, currency)
            wei = prices[network.id] * transfer_gas(network, is_token=not option.asset.is_native)
            if rate is not None:
                fees[key] = Decimal(wei).scaleb(-network.native.decimals) * rate
    return fees


def fee_text(fee: Decimal | None, currency: str) -> Sentence:
    """'fee about 0.01 USD', never less than the currency can say; empty for a fee that is not known."""
    if fee is None:
        return Sentence()
    if fee == 0:
        return gettext("no fee")
    least = Decimal(1).scaleb(-minor_digits(currency))
    amount = f"{money_text(fee.quantize(least, rounding=ROUND_CEILING), currency)} {currency}"
    return filled(gettext("fee about %(amount)s"), {"amount": amount})


def _rate(book: Rates, symbol: str, currency: str) -> Decimal | None:
    try:
        return book.rate(symbol, currency).value
    except RateUnavailable:
        return None
