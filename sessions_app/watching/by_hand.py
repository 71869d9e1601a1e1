"""What an operator decides about a payment of which the nodes contradict each other, after looking for it elsewhere."""

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from chains_app.networks.networks import network as network_named
from chains_app.reading.set_aside import settle
from merchants_app.audit import record
from merchants_app.models import User
from merchants_app.people.operators import operator_name
from sessions_app.errors import NothingToDecide
from sessions_app.models import Payment
from sessions_app.state.lifecycle import reassess_many
from sessions_app.watching.astray import row_about
from sessions_app.watching.payments import confirm, mark_vanished


@transaction.atomic
def decide(payment: Payment, *, is_there: bool, by: User) -> None:
    """Confirms it, or calls it gone, and the nodes are asked about it no more. `payment` with its session's deposit.

    Raises NothingToDecide when they do not contradict each other about it, or it has changed since.
    """
    network, now = network_named(payment.network), timezone.now()
    row = row_about(network, payment)
    news = (confirm if is_there else mark_vanished)(network, [payment] if row else [], now)
    if row is None or not news:
        raise NothingToDecide("The nodes do not contradict each other about this payment.")
    reassess_many({session: replace(each, actor=operator_name(by)) for session, each in news.items()})
    settle(row, now)
    record(
        merchant=payment.session.merchant,
        mode=payment.session.mode,
        actor=operator_name(by),
        action="session.payment_confirmed" if is_there else "session.payment_called_gone",
        subject=payment.session.public_id,
        payment=payment.public_id,
    )
