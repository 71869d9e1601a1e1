"""What a chain has shown, made ready to be stored: whose payment it is, whether it is new, and what it is worth.

Rates may have to be asked for, so this happens before the transaction that `payments` stores it in.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Transfer
from common.postgresql.rare_rows import rare
from sessions_app.models import CheckoutSession, DepositAddress, Payment
from sessions_app.models.payment import Basis
from sessions_app.paying.valuation import Valuer
from sessions_app.watching.holders import holder_at

# What a branch gave up is mined again within minutes. As much that comes from inside a contract later is paid anew.
MINED_AGAIN_WITHIN = timedelta(hours=1)


class Identity(NamedTuple):
    """What a movement is known by on its network.

    Run in another block, a transaction may move another amount, or pay somebody else, at the same place within it.
    """

    tx_hash: str
    log_index: int
    asset: str
    amount_units: int
    recipient: str

    @property
    def place(self) -> tuple[str, int]:
        """Only one movement at a time can be there."""
        return self.tx_hash, self.log_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """What a scan found, beside what is known already."""

    fresh: list[Payment]  # not stored yet
    again: dict[Identity, Transfer]  # of known payments, that are in another block now or were in none any more
    valued: list[Payment]  # known, and a rate has turned up
    eased: list[Payment]  # known, and a rate has turned up that shows that they need fewer confirmations

    def is_elsewhere(self, payment: Payment) -> bool:
        """Whether it came from inside a contract, and does so in another block now."""
        return payment.log_index == FROM_INSIDE and identity(payment) in self.again


def identity(item: Transfer | Payment) -> Identity:
    """Of a payment that was loaded with its session's deposit."""
    recipient = item.recipient if isinstance(item, Transfer) else item.session.deposit.address
    return Identity(item.tx_hash, item.log_index, item.asset, int(item.amount_units), recipient)


def take_in(
    network: Network, transfers: Iterable[Transfer], now: datetime, *, gone: Iterable[Payment] = ()
) -> Sightings:
    """Looks up, values and arranges transfers to the deposits of sessions, in a fixed number of queries.

    `gone` are payments of which the same pass over the network says that they are not where they were.
    """
    found = {identity(transfer): transfer for transfer in transfers}
    known = _known(network, found)
    again = {key: transfer for key, transfer in found.items() if key in known and known[key] != transfer.block_hash}
    new = [transfer for key, transfer in found.items() if key not in known]
    renamed = _renamed(network, new, gone)
    again, new = again | renamed, [each for each in new if each not in renamed.values()]
    return Sightings(
        fresh=_new_payments(network, new, now), again=again, valued=_valued_late(network), eased=_eased(network, now)
    )


def _known(network: Network, found: Iterable[Identity]) -> dict[Identity, str | None]:
    """Those that are stored, and the hash of their block; None of one that vanished."""
    hashes = {each.tx_hash for each in found}
    if not hashes:
        return {}
    rows = Payment.objects.filter(network=network.id, tx_hash__in=hashes)
    fields = (*Identity._fields[:-1], "session__deposit__address", "block_hash", "vanished_at")
    return {Identity(*name): None if gone else block for *name, block, gone in rows.values_list(*fields)}


def _renamed(network: Network, new: Iterable[Transfer], gone: Iterable[Payment]) -> dict[Identity, Transfer]:
    """What came from inside contracts in blocks that were given up, and stands in others now, by what it was called.

    Its name is made of its block's, so the chain cannot say that it is the same; nor can it be told from as much that
    the same buyer sends anew, which is no other money either. What is gone by this pass comes before what was gone
    already, and then what is nearest in time.
    """
    inside = [each for each in new if each.log_index == FROM_INSIDE]
    if not inside:
        return {}
    recipients = {each.recipient for each in inside}
    at_these = Payment.objects.filter(
        network=network.id, log_index=FROM_INSIDE, session__deposit__address__in=recipients, vanished_at__isnull=False
    )
    lost = [payment for payment in gone if payment.log_index == FROM_INSIDE]
    lost += at_these.select_related("session__deposit")
    deposits = DepositAddress.objects.filter(address__in=recipients).order_by("-id")
    holders: dict[str, list[DepositAddress]] = defaultdict(list)
    for deposit in deposits.only("address", "session_id", "created_at"):
        holders[deposit.address].append(deposit)
    found: dict[Identity, Transfer] = {}
    for transfer in inside:
        came = transfer.block_time
        if came is None or transfer.recipient not in holders:
            continue
        holder = holder_at(holders[transfer.recipient], came, since=lambda deposit: deposit.created_at)
        same = [
            payment
            for payment in lost
            if payment.session_id == holder.session_id
            and identity(payment) not in found
            and _may_be_mined_again(payment, transfer)
        ]
        if same:
            nearest = min(same, key=lambda each: (each.vanished_at is not None, abs(each.arrived_at - came)))
            found[identity(nearest)] = transfer
    return found


def _may_be_mined_again(payment: Payment, transfer: Transfer) -> bool:
    """Whether, coming from inside contracts both, they may be the same money in two blocks."""
    known = identity(payment)
    is_alike = (known.asset, known.amount_units, known.recipient) == (
        transfer.asset, transfer.amount_units, transfer.recipient,
    )  # fmt: skip
    came = transfer.block_time
    return is_alike and came is not None and abs(came - payment.arrived_at) <= MINED_AGAIN_WITHIN


def _new_payments(network: Network, transfers: list[Transfer], now: datetime) -> list[Payment]:
    if not transfers:
        return []
    recipients = {transfer.recipient for transfer in transfers}
    # Whether the address is still watched was decided when it was handed to the reader: what was read is kept.
    owners = CheckoutSession.objects.filter(mode=network.mode, deposit__address__in=recipients)
    briefly = owners.select_related("deposit").order_by("-deposit__id").only(
        "mode", "amount", "currency", "spread_percent", "allowed_assets", "ways_off", "grace_minutes",
        "confirmations", "deposit__address", "deposit__created_at",
    )  # fmt: skip
    holders: dict[str, list[CheckoutSession]] = defaultdict(list)
    for session in briefly:
        holders[session.deposit.address].append(session)
    valuer = Valuer(session for each in holders.values() for session in each)
    # In the order of their arrival: what came before is no longer asked for.
    in_order = sorted(transfers, key=lambda each: (each.block_time or now, each.block_number or 0, each.log_index))
    return [
        _new_payment(network, transfer, _holder(holders[transfer.recipient], transfer, now), valuer, now)
        for transfer in in_order
        if transfer.recipient in holders
    ]


def _holder(sessions: list[CheckoutSession], transfer: Transfer, now: datetime) -> CheckoutSession:
    return holder_at(sessions, transfer.block_time or now, since=lambda session: session.deposit.created_at)


def _new_payment(
    network: Network, transfer: Transfer, session: CheckoutSession, valuer: Valuer, now: datetime
) -> Payment:
    asset = network.assets[transfer.asset]
    payment = Payment(
        session=session,
        network=network.id,
        asset=asset.symbol,
        decimals=asset.decimals,
        tx_hash=transfer.tx_hash,
        log_index=transfer.log_index,
        sender=transfer.sender,
        amount_units=Decimal(transfer.amount_units),
        block_number=transfer.block_number,
        block_hash=transfer.block_hash,
        arrived_at=transfer.block_time or now,
        counts=session.takes(asset=asset.symbol, network=network.id),
        seen_at=now,
    )
    _set_value(network, payment, valuer)
    return payment


def _valued_late(network: Network) -> list[Payment]:
    """Payments for which no rate was to be had when they arrived, and now one is."""
    unvalued = rare(Payment.objects.filter(network=network.id, value=None, vanished_at=None), "session")
    valuer = Valuer(payment.session for payment in unvalued)
    for payment in unvalued:
        _set_value(network, payment, valuer)
    return [payment for payment in unvalued if payment.value is not None]


def _eased(network: Network, now: datetime) -> list[Payment]:
    """Without a rate to US dollars a payment is waited for as if it were large. Today's rate shows whether it is."""
    most = network.confirmations.large
    waiting = Payment.objects.filter(network=network.id, confirmed_at=None, vanished_at=None)
    unsure = rare(waiting.filter(confirmations_needed__gte=most, value__isnull=False), "session")
    valuer, eased = Valuer(()), []
    for payment in unsure:
        enough = _confirmations(network, payment, valuer, now)
        if enough < payment.confirmations_needed:
            payment.confirmations_needed = enough
            eased.append(payment)
    return eased


def _set_value(network: Network, payment: Payment, valuer: Valuer) -> None:
    worth = valuer.worth(
        payment.session,
        asset=payment.asset,
        network=payment.network,
        units=int(payment.amount_units),
        decimals=payment.decimals,
        arrived_at=payment.arrived_at,
    )
    # What does not count is valued all the same: whoever decides on it wants to know what it is worth.
    payment.basis = worth.basis if payment.counts else Basis.NONE
    payment.rate, payment.value = worth.rate, worth.value
    if payment.counts and worth.value is not None:
        valuer.count(payment.session, worth.value, arrived_at=payment.arrived_at)
    payment.confirmations_needed = _confirmations(network, payment, valuer, payment.arrived_at)


def _confirmations(network: Network, payment: Payment, valuer: Valuer, at: datetime) -> int:
    return valuer.confirmations_needed(payment.session, payment.value, asset=payment.asset, network=network, at=at)
