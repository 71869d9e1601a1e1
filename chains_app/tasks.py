"""What runs by itself for the chains."""

from celery import shared_task

from chains_app.calls.gas import learn_plain_transfer, learn_price
from chains_app.networks.networks import chain_networks, network
from chains_app.rates import exchange_rates
from common.modes import Mode
from common.ticks import send_each


@shared_task(ignore_result=True)
def refresh_rates() -> None:
    """Asks the sources of rates. A run that is missed or runs twice does no harm."""
    exchange_rates.refresh_rates()


@shared_task(ignore_result=True)
def learn_gas() -> None:
    """Sends `learn_gas_of` each network on its way."""
    send_each(learn_gas_of, [each.id for mode in Mode for each in chain_networks(mode)])


@shared_task(ignore_result=True)
def learn_gas_of(network_id: str) -> None:
    """Asks what a first transfer to an address takes there, and what gas costs, for the payment pages."""
    learn_plain_transfer(network(network_id))
    learn_price(network(network_id))
