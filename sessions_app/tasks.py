"""Doors for the clock: what Celery runs."""

from celery import shared_task
from django.utils import timezone

from chains_app.networks.networks import enabled_networks, network
from common.lease import lease
from common.modes import Mode
from common.ticks import send_each
from sessions_app.books.catching_up import catch_up
from sessions_app.buyers.retention import erase_old_buyers as erase_old_buyers_now
from sessions_app.collecting import worth_letters
from sessions_app.letters.sending import send_letters
from sessions_app.paying.second_thoughts import take_effect
from sessions_app.paying.used_deposits import find_spare_deposits
from sessions_app.reading.waiting_letters import write_letters
from sessions_app.receipts.issuing import begin_missed_receipts, sign_receipts
from sessions_app.watching.searches import do_waiting
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.standing_still import end_what_is_over
from sessions_app.watching.turns import networks_due
from sessions_app.watching.watcher import watch_network as watch_network_now


@shared_task
def watch_networks() -> None:
    """Sends the watch of each network whose turn it is on its way."""
    send_each(watch_network, [each.id for each in networks_due(timezone.now())])


@shared_task
def watch_network(network_id: str) -> None:
    """Reads new blocks of one network and counts what arrived. Safe to run twice at once."""
    watch_network_now(network(network_id))


@shared_task
def look_at_networks_again() -> None:
    """As `watch_networks`, for what need not be known at once."""
    send_each(look_at_network_again, [each.id for mode in Mode for each in enabled_networks(mode)])


@shared_task
def look_at_network_again(network_id: str) -> None:
    """Asks for what was set aside, and keeps the books. Safe to run twice at once."""
    look_again(network(network_id))


@shared_task(ignore_result=True)
def search_for_money() -> None:
    """Looks for money again where somebody asked to. Safe to run twice at once."""
    do_waiting()


@shared_task
def expire_due() -> None:
    """Ends sessions whose time is over."""
    end_what_is_over()


@shared_task(ignore_result=True)
def take_decisions() -> None:
    """Decides what nobody took back. Safe to run twice at once."""
    take_effect(timezone.now())


@shared_task(ignore_result=True)
def tell_of_decisions() -> None:
    """Writes to those who may decide about what waits. Safe to run twice at once."""
    write_letters(timezone.now())


@shared_task(ignore_result=True)
def tell_of_worth() -> None:
    """Writes to those who asked when what waits is worth collecting. Safe to run twice at once."""
    worth_letters.write_letters(timezone.now())


@shared_task(ignore_result=True)
def write_to_buyers() -> None:
    """Signs receipts and sends the letters that are due."""
    now = timezone.now()
    sign_receipts(now)
    # A mail server that takes calls and says nothing holds one thread, not another one with each tick.
    with lease("letters") as is_ours:
        if is_ours:
            send_letters(now)


@shared_task(ignore_result=True)
def erase_old_buyers() -> None:
    """Forgets buyers whom their business keeps no longer."""
    erase_old_buyers_now(timezone.now())


@shared_task(ignore_result=True)
def find_used_deposits() -> None:
    """Lists collected deposits that may serve again, for the businesses that want it."""
    find_spare_deposits(timezone.now())


@shared_task(ignore_result=True)
def catch_up_with_books() -> None:
    """Makes up for what older versions leave undone, in books and receipts. Safe to run twice at once, and to stop."""
    catch_up()
    begin_missed_receipts()
