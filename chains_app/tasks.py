"""What runs by itself for the chains."""

from celery import shared_task

from chains_app.rates import exchange_rates


@shared_task(ignore_result=True)
def refresh_rates() -> None:
    """Asks the sources of rates. A run that is missed or runs twice does no harm."""
    exchange_rates.refresh_rates()
