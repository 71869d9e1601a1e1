"""Deposits of sessions that this database does not know: those made after the backup that it was restored from.

Id and treasury say where such an address is, and a contract there can only ever pay out to that treasury. So its money
can be found and collected without the session.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chains_app.calls.chain_calls import collecting_conditions
from chains_app.calls.search import Search
from chains_app.networks.networks import Network, enabled_networks
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from chains_app.receiving.deposits import ETHER, Call, Deposit, checked_address, collection_calls, deposit_address
from common.money import amount_text
from merchants_app.models import Treasury, TreasuryKind
from sessions_app.models import DepositAddress

_ID = re.compile(r"cs_[0-9a-hjkmnp-tv-z]{26}")


class Place(NamedTuple):
    """Where the session's deposit is, if it is of that treasury's business."""

    address: str
    treasury: Treasury


class Find(NamedTuple):
    """What a network says of one, in words, and what brings the money to the treasury."""

    said: str
    calls: list[Call]


def is_session_id(text: str) -> bool:
    """Whether it has the shape of one."""
    return bool(_ID.fullmatch(text))


def known_address(session_id: str) -> str | None:
    """The one that the session has here."""
    return DepositAddress.objects.filter(session__public_id=session_id).values_list("address", flat=True).first()


def used_again(address: str) -> tuple[str, Place] | None:
    """Whose contract is at this address, and the session's id that is in it; None where none is known.

    Raises WrongAddress. A contract may have served further sessions after the backup: of those, its id says nothing.
    """
    those = DepositAddress.objects.filter(address=checked_address(address), derivation_index=None)
    first = those.order_by("pk").first()
    if first is None or first.session.treasury is None:
        return None
    return first.made_for or first.session.public_id, Place(first.address, first.session.treasury)


def places_of(session_id: str) -> list[Place]:
    """One for each wallet that a business has or had: whose the session was only its id's maker knew."""
    wallets = Treasury.objects.filter(kind=TreasuryKind.ADDRESS).select_related("merchant").order_by("merchant", "id")
    found = {(each.merchant_id, each.mode, each.address): each for each in wallets}
    return [Place(deposit_address(session_id=session_id, treasury=each.address), each) for each in found.values()]


def look_there(session_id: str, place: Place) -> Iterator[Find]:
    """Network by network, those where something is or nobody can say."""
    for network in enabled_networks(place.treasury.mode):
        try:
            found = _look(network, session_id, place)
        except (ReaderUnavailable, WrongChain) as problem:
            found = Find(f"{network.name} could not be read: {problem}", [])
        if found:
            yield found


def _look(network: Network, session_id: str, place: Place) -> Find | None:
    search = Search(network, place.address)
    held = search.held(search.head())
    there = {asset: units for asset, units in held.units.items() if units} if held else {}
    if not there:
        return None
    assets = network.assets
    deposits = [Deposit(session_id, place.treasury.address, assets[each].contract or ETHER) for each in there]
    calls = collection_calls(deposits=deposits, factory_deployed=collecting_conditions(network).factory_deployed)
    amounts = ", ".join(f"{amount_text(units, assets[each].decimals)} {each}" for each, units in there.items())
    return Find(f"{network.name}: {amounts}", calls)
