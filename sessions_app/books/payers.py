"""Who paid the network for a transaction: its fee is the business's only where it did.

Anybody may collect, and pack it into a transaction as large as they like; an exchange sends a refund with a thousand
withdrawals of others.
"""

from django.db.models import Q, QuerySet

from chains_app.calls.transactions import Cost
from chains_app.networks.networks import network as network_of
from chains_app.reading.reader import FROM_INSIDE
from merchants_app.audit import lines_about
from merchants_app.models import Merchant, Treasury
from sessions_app.models import DepositAddress, Refund, UnbookedFee

# What stands in the log of a business for a collection that it told of.
TOLD = "payments.collected"


def named_in_log(tx_hash: str) -> str:
    """As what the log is about."""
    return tx_hash[:60]


def paid_it(fee: UnbookedFee, cost: Cost) -> bool:
    """Whether the business did: by a wallet that is known as its own, or by any, as far as its word counts for that.

    It does for a collection. Which transaction a refund is, the business says too, and that may be an exchange's batch:
    so a refund has to be sent straight, by a call of its token, to the buyer, or to the business's own Safe. By any
    wallet: an exchange's withdrawal that is alone in its transaction looks like a payment by one of the business's own.
    """
    return (
        _is_own(cost.sender, fee)
        or told_of_collection(fee.merchant, fee.mode, fee.tx_hash)
        or _sent_refund_straight(fee, cost)
    )


def told_of_collection(merchant: Merchant, mode: str, tx_hash: str) -> bool:
    """Whether a member of the business has said that they collected with it."""
    lines = lines_about(merchant=merchant, mode=mode, subjects=[named_in_log(tx_hash)])
    return lines.filter(action=TOLD).exists()


def refunds_sent_with(fee: UnbookedFee) -> QuerySet[Refund]:
    """Those that are on the chain by this transaction (`Refund.sent_with`), of whichever business."""
    by_hash = Q(tx_hash=fee.tx_hash) & ~Q(tx_hash="")
    return Refund.objects.filter(by_hash | Q(log_index=FROM_INSIDE, told_tx=fee.tx_hash), network=fee.network)


def _sent_refund_straight(fee: UnbookedFee, cost: Cost) -> bool:
    refunds = list(refunds_sent_with(fee).filter(session__merchant=fee.merchant, session__mode=fee.mode))
    assets = network_of(fee.network).assets
    # What called the buyer's own contract, which paid them from inside, is no transaction of the business.
    straight = {each.to_address.lower() for each in refunds if each.log_index != FROM_INSIDE}
    straight |= {(asset.contract or "").lower() for each in refunds if (asset := assets.get(each.asset))}
    return bool(refunds) and (cost.to.lower() in straight - {""} or _is_own(cost.to, fee))


def _is_own(address: str, fee: UnbookedFee) -> bool:
    """A treasury of the business, now or before, or an address of its account public key."""
    own = Treasury.objects.filter(merchant=fee.merchant, mode=fee.mode, withdrawn_at=None)
    derived = DepositAddress.objects.filter(session__merchant=fee.merchant, session__mode=fee.mode)
    return bool(address) and (
        own.filter(address=address).exists() or derived.filter(address=address, derivation_index__isnull=False).exists()
    )
