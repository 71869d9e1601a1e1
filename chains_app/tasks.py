"""What runs by itself for the chains."""

from celery import shared_task

from chains_app.calls.gas import learn_plain_transfer, learn_price
from chains_app.networks.networks import chain_networks
from chains_app.rates import exchange_rates
from common.modes import Mode


@shared_task(ignore_result=True)
def refresh_rates() -> None:
    """Asks the sources of rates. A run that is missed or runs twice does no harm."""
    exchange_rates.refresh_rates()


@shared_task(ignore_result=True)
def learn_gas() -> None:
    """Asks each network what a first transfer to an address takes, and what gas costs, for the payment pages."""
    for network in [each for mode in Mode for each in chain_networks(mode)]:
        learn_plain_transfer(network)
        learn_price(network)
