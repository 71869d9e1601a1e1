"""Addresses that no wallet has: Tallystick's own contracts, and those that every chain keeps for itself."""

import pytest

from chains_app.networks.networks import all_networks
from merchants_app.treasuries.treasuries import WrongTreasury, own_address
from tests.cast import PATS_WALLET

# From docs/receiving.md and the contracts' artifact; not from the code that refuses them.
FACTORY = "0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0"
IMPLEMENTATION = "0xdE28b0E46Db667976DB1aA509589234F686E9E33"
DEPLOYMENT_PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
BURNED = "0x000000000000000000000000000000000000dEaD"


def numbered(number: int) -> str:
    """In lower case, which has no checksum to be wrong."""
    return f"0x{number:040x}"


@pytest.mark.parametrize("spelled", [str, str.lower])
@pytest.mark.parametrize("address", [FACTORY, IMPLEMENTATION, DEPLOYMENT_PROXY, BURNED])
def test_a_contract_that_belongs_to_nobody_is_refused(address: str, spelled: type[str]) -> None:
    with pytest.raises(WrongTreasury, match="Nobody owns this address") as refusal:
        own_address(spelled(address))
    assert refusal.value.attr == "address"


@pytest.mark.parametrize("number", [1, 2, 9, 0x100, 0x1FF, 0xFFFE, 0xFFFF])
def test_the_lowest_addresses_are_the_chains_own(number: int) -> None:
    with pytest.raises(WrongTreasury, match="Nobody owns this address"):
        own_address(numbered(number))


@pytest.mark.parametrize("address", [numbered(0x10000), numbered(0x10001), PATS_WALLET])
def test_from_there_on_an_address_may_be_a_wallet(address: str) -> None:
    assert own_address(address).lower() == address.lower()


TOKENS = [asset for each in all_networks().values() for asset in each.assets.values() if asset.contract]


def test_every_listed_tokens_contract_is_refused() -> None:
    assert len(TOKENS) >= 12
    for asset in TOKENS:
        with pytest.raises(WrongTreasury, match=f"the contract of {asset.symbol} on "):
            own_address(str(asset.contract).lower())
