"""Which transfer is which refund: by its transaction's hash, which a wallet or a person told.

The amount and the address only suggest: anybody can send as much to a buyer, and two businesses may owe the same
buyer the same. Without a hash, or while what was told is nowhere (a wallet that is asked to speed a transaction up
sends another one in its place), a transfer is taken only if it came from the business's own treasury and can be for no
other refund; everything else is listed, and a person says which it is.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from chains_app.networks.networks import Network
from chains_app.reading.reader import FROM_INSIDE, Transfer
from merchants_app.models import Treasury
from sessions_app.models import Decision, Refund, RefundCandidate
from sessions_app.status import DecisionKind, RefundStatus

# A chain's clock may be so far behind ours.
CLOCKS_DIFFER = timedelta(minutes=10)
# Candidates that a refund has at most: each cost its sender the refund's amount.
MOST_CANDIDATES = 20
NOT_ASKED: Mapping[str, int | None] = MappingProxyType({})

_Content = tuple[str, str, int]
_Place = tuple[str, int | None]
_Pair = tuple[Refund, Transfer]


@dataclass(frozen=True, slots=True)
class Match:
    """What transfers say of refunds."""

    seen: list[_Pair] = field(default_factory=list)
    elsewhere: list[_Pair] = field(default_factory=list)  # seen before, in another block
    possible: list[_Pair] = field(default_factory=list)


def match_transfers(
    network: Network,
    refunds: Sequence[Refund],
    transfers: Iterable[Transfer],
    *,
    mined: Mapping[str, int | None] = NOT_ASKED,
) -> Match:
    """Each transfer is one refund at most. A fixed number of statements, and one for each that no hash tells.

    `mined`: the blocks of transactions that were told, as far as anybody asked.
    What was told counts first. What prepared ones may be, sure or asked about, is none of the withdrawn: of those
    nobody can say that it is it.
    """
    by_place, by_content = _arranged(refunds, transfers)
    open_ones = [refund for refund in refunds if not refund.tx_hash]
    taken = _taken(network, [each for same in by_content.values() for each in same])
    told = _by_told_hash(open_ones, by_content, taken, mined)
    settled = {refund.pk for refund, _ in told} | _marked(open_ones)
    rest = [refund for refund in open_ones if refund.pk not in settled]
    others = _without(by_content, taken | _places(told), {refund.told_tx for refund in open_ones})
    prepared, possible = _by_content([each for each in rest if each.status == RefundStatus.PREPARED], others)
    left = _without(others, _places([*prepared, *possible]))
    withdrawn, _ = _by_content([each for each in rest if each.status == RefundStatus.WITHDRAWN], left)
    return Match([*told, *prepared, *withdrawn], _moved_blocks(refunds, by_place), possible)


def _moved_blocks(refunds: Iterable[Refund], by_place: Mapping[_Place, Transfer]) -> list[_Pair]:
    """Those that were seen, and stand in another block by now."""
    placed = [(refund, by_place.get((refund.tx_hash, refund.log_index))) for refund in refunds if refund.tx_hash]
    return [(refund, found) for refund, found in placed if found and found.block_hash != refund.block_hash]


def _by_told_hash(
    refunds: Iterable[Refund],
    by_content: Mapping[_Content, Sequence[Transfer]],
    taken: Iterable[_Place],
    mined: Mapping[str, int | None],
) -> list[_Pair]:
    """Those whose transaction was told: of several refunds in one, each has a transfer of its own."""
    pairs: list[_Pair] = []
    used = set(taken)
    for refund in [each for each in refunds if each.told_tx]:
        free = [each for each in by_content[_content(refund)] if _place(each) not in used and _is_in_time(refund, each)]
        if found := next((each for each in free if _is_told(refund, each, mined)), None):
            pairs.append((refund, found))
            used.add(_place(found))
    return pairs


def _by_content(
    refunds: Sequence[Refund], by_content: Mapping[_Content, Sequence[Transfer]]
) -> tuple[list[_Pair], list[_Pair]]:
    """By what they move to whom: which are surely it, and which may be."""
    alike = Counter(_content(refund) for refund in refunds)
    may_be = [(refund, [t for t in by_content[_content(refund)] if _is_in_time(refund, t)]) for refund in refunds]
    sure = [
        (refund, found[0])
        for refund, found in may_be
        if len(found) == 1 and alike[_content(refund)] == 1 and _is_own(refund, found[0])
    ]
    settled = {refund.pk for refund, _ in sure}
    return sure, [(refund, each) for refund, found in may_be if refund.pk not in settled for each in found]


def list_candidates(possible: Sequence[tuple[Refund, Transfer]], *, now: datetime) -> None:
    """Keeps them for whoever is to say which it is."""
    if not possible:
        return
    RefundCandidate.objects.bulk_create(
        [
            RefundCandidate(
                refund=refund,
                tx_hash=transfer.tx_hash,
                log_index=transfer.log_index,
                sender=transfer.sender,
                block_number=transfer.block_number,
                seen_at=now,
            )
            for refund, transfer in possible
        ],
        ignore_conflicts=True,
    )
    for refund in {refund for refund, _ in possible}:
        rest = refund.candidates.order_by("id").values_list("pk", flat=True)[MOST_CANDIDATES:]
        RefundCandidate.objects.filter(pk__in=list(rest)).delete()


def candidates_of(refund: Refund) -> list[RefundCandidate]:
    """Transfers that may be it and are no other refund, the oldest first."""
    if refund.status != RefundStatus.PREPARED:
        return []
    found = list(refund.candidates.exclude(tx_hash=refund.told_tx).order_by("id"))
    same = Refund.objects.filter(network=refund.network, tx_hash__in={each.tx_hash for each in found})
    taken = set(same.values_list("tx_hash", "log_index"))
    return [each for each in found if (each.tx_hash, each.log_index) not in taken]


def _content(refund: Refund) -> _Content:
    return refund.to_address, refund.asset, int(refund.amount_units)


def _arranged(
    refunds: Iterable[Refund], transfers: Iterable[Transfer]
) -> tuple[dict[_Place, Transfer], dict[_Content, list[Transfer]]]:
    """Transfers by their place, and those that could be one of the refunds by what they move to whom."""
    by_place: dict[_Place, Transfer] = {}
    by_content: dict[_Content, list[Transfer]] = {_content(refund): [] for refund in refunds}
    for each in transfers:
        by_place[_place(each)] = each
        if (few := by_content.get((each.recipient, each.asset, each.amount_units))) is not None:
            few.append(each)
    return by_place, by_content


def _taken(network: Network, candidates: Sequence[Transfer]) -> set[_Place]:
    """Where refunds are already, of whichever business."""
    if not candidates:
        return set()
    same = Refund.objects.filter(network=network.id, tx_hash__in={each.tx_hash for each in candidates})
    return set(same.values_list("tx_hash", "log_index"))


def _marked(refunds: Iterable[Refund]) -> set[int]:
    """Withdrawn ones of which a decision names the transaction: it counts by itself, whatever was sent in its place."""
    withdrawn = [refund for refund in refunds if refund.status == RefundStatus.WITHDRAWN]
    if not withdrawn:
        return set()
    sessions, hashes = {each.session_id for each in withdrawn}, {each.told_tx for each in withdrawn}
    by_hash = Decision.objects.filter(kind=DecisionKind.REFUNDED, session__in=sessions, tx_hash__in=hashes)
    named = set(by_hash.values_list("session_id", "tx_hash"))
    return {each.pk for each in withdrawn if (each.session_id, each.told_tx) in named}


def _place(transfer: Transfer) -> _Place:
    return transfer.tx_hash, transfer.log_index


def _places(pairs: Iterable[_Pair]) -> set[_Place]:
    return {_place(transfer) for _, transfer in pairs}


def _without(
    by_content: Mapping[_Content, Sequence[Transfer]], places: Container[_Place], hashes: Container[str] = ()
) -> dict[_Content, list[Transfer]]:
    """The transfers that are left for others."""
    return {
        content: [each for each in same if _place(each) not in places and each.tx_hash not in hashes]
        for content, same in by_content.items()
    }


def _is_told(refund: Refund, transfer: Transfer, mined: Mapping[str, int | None]) -> bool:
    """By its hash. What a contract paid from inside has not that of its transaction, but is in the same block."""
    if transfer.log_index == FROM_INSIDE and transfer.block_number is not None:
        return refund.told_tx == transfer.tx_hash or mined.get(refund.told_tx) == transfer.block_number
    return refund.told_tx == transfer.tx_hash


def _is_in_time(refund: Refund, transfer: Transfer) -> bool:
    """By the chain's own count of blocks, or by its clock, which may be behind ours."""
    if transfer.block_number is None or transfer.block_time is None or refund.prepared_at is None:
        return True
    if refund.prepared_block is not None and transfer.block_number > refund.prepared_block:
        return True
    return transfer.block_time >= refund.prepared_at - CLOCKS_DIFFER


def _is_own(refund: Refund, transfer: Transfer) -> bool:
    """Sent from a treasury of the business, and not before the refund was prepared."""
    since = refund.prepared_at
    if since is None or (transfer.block_time and transfer.block_time < since.replace(microsecond=0)):
        return False
    own = Treasury.objects.filter(merchant=refund.session.merchant_id, mode=refund.session.mode)
    return bool(transfer.sender) and own.filter(address=transfer.sender).exists()
