"""What a wallet or a person says about a refund's transaction, and the look at the chain whether it is so."""

from contextlib import suppress
from random import SystemRandom

from django.db import transaction
from django.utils import timezone

from chains_app.calls.transactions import FAILED, blocks_of
from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Block, Doubt, Reader, Transfer, hash_from_inside
from chains_app.reading.scanning import CursorMoved, hold, position
from common.errors import Conflict
from merchants_app.audit import record
from sessions_app.models import Refund, RefundCandidate
from sessions_app.paying.refund_states import amount_of, sent_instead
from sessions_app.refunding.watch import place_refunds, refunds_watched_for
from sessions_app.state.lifecycle import lock
from sessions_app.status import RefundStatus

# Transactions that one look asks for: others each time, so that nobody's made-up ones keep the rest waiting for ever.
MOST_TOLD = 50
_any_of = SystemRandom().sample
# What contracts paid from inside is found by then: by the balances of the blocks after, of which each has its turn.
_FOUND_WITHIN_SECONDS = 120


class RefundNotOpen(Conflict):
    """The refund is not one that waits for its transaction."""

    code = "refund_not_open"


def tell_transaction(refund: Refund, tx_hash: str, *, actor: str) -> Refund:
    """Notes which transaction the refund is said to be: believed once the chain shows that it is so.

    Raises `RefundNotOpen` when it is on the chain already, withdrawn, or has no address yet.
    """
    tx_hash = tx_hash.lower()
    with transaction.atomic():
        lock(refund.session_id)
        present = Refund.objects.get(pk=refund.pk)
        if present.tx_hash == tx_hash:
            return present  # the watcher was faster
        if present.status != RefundStatus.PREPARED:
            raise RefundNotOpen(f"This refund is {present.status}: only a prepared one waits for its transaction.")
        sent_instead(present, tx_hash)
        present.told_tx, present.told_problem = tx_hash, ""
        present.save(update_fields=["told_tx", "told_problem"])
        session = refund.session
        record(merchant=session.merchant, mode=session.mode, actor=actor, action="refund.sent",
               subject=session.public_id, refund=refund.public_id, tx_hash=tx_hash)  # fmt: skip
    return present


def look_for_told(network: Network, reader: Reader) -> None:
    """Looks at transactions that were told in blocks that were read already. Raises what the reader raises."""
    watched = refunds_watched_for(network)
    waiting = [refund for refund in watched if refund.is_said_sent and not refund.tx_hash]
    waiting = _any_of(waiting, min(len(waiting), MOST_TOLD))
    began_at = position(network)
    if not waiting or began_at is None:
        return
    listed = list(RefundCandidate.objects.filter(refund__in=waiting, log_index=FROM_INSIDE).select_related("refund"))
    blocks = blocks_of(network, sorted({refund.told_tx for refund in waiting}))
    blocks |= {each.tx_hash: each.block_number for each in listed}
    for number in sorted({block for refund in waiting if (block := blocks[refund.told_tx]) is not None}):
        of_block = [refund for refund in waiting if blocks[refund.told_tx] == number]
        if number == FAILED:
            _note(of_block, "failed on the network")
        elif number <= began_at.number:
            doubts: list[Doubt] = []
            wallets = frozenset(refund.to_address for refund in of_block)
            found = reader.transfers(wallets, number, number, wallets=wallets, doubts=doubts)
            found += _still_there([each for each in listed if each.block_number == number], reader.block(number))
            with suppress(CursorMoved), transaction.atomic():
                hold(network, at=began_at)
                same = [refund for refund in watched if refund.to_address in wallets]
                place_refunds(network, same, found, gone=(), now=timezone.now(), mined=blocks)
                for refund in [each for each in of_block if not each.tx_hash]:
                    read_since = began_at.number - number
                    _note([refund], _against(network, refund, mined=number, read_since=read_since, doubts=doubts))


def _against(network: Network, refund: Refund, *, mined: int, read_since: int, doubts: list[Doubt]) -> str:
    """What speaks against a transaction that succeeded and was not found to be it; empty: nothing yet."""
    if refund.asset in network.symbols_by_logger(upto=mined).values():
        said = f"sends no {amount_of(refund)} to {refund.to_address} that is not another refund already"
        return "" if doubts else said
    if read_since * network.block_seconds <= _FOUND_WITHIN_SECONDS:
        return ""
    return (
        f"succeeded; whether it paid {amount_of(refund)} to the buyer from inside a contract cannot be seen. "
        "Look it up in an explorer before you send it again"
    )


def _still_there(listed: list[RefundCandidate], block: Block | None) -> list[Transfer]:
    """What contracts paid from inside, as it was listed when it was found, which may have been blocks later."""
    return [
        Transfer(
            network=each.refund.network,
            asset=each.refund.asset,
            tx_hash=each.tx_hash,
            log_index=each.log_index,
            sender=each.sender,
            recipient=each.refund.to_address,
            amount_units=int(each.refund.amount_units),
            block_number=block.number,
            block_hash=block.hash,
            block_time=block.time,
        )
        for each in listed
        if block and each.tx_hash == hash_from_inside(block_hash=block.hash, recipient=each.refund.to_address)
    ]


def _note(refunds: list[Refund], said: str) -> None:
    for refund in refunds if said else ():
        Refund.objects.filter(pk=refund.pk, told_tx=refund.told_tx, tx_hash="").update(
            told_problem=f"This transaction {said}."
        )
