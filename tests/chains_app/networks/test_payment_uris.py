"""Payment URIs as EIP-681 has them."""

import pytest

from chains_app.networks.networks import all_networks, find_option
from chains_app.networks.payment_uris import payment_uri

PAT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.mark.parametrize(
    ("network", "asset", "units", "expected"),
    [
        ("ethereum", "ETH", 2_014_000_000_000_000_000, f"ethereum:{PAT}@1?value=2014000000000000000"),
        ("polygon", "POL", 1, f"ethereum:{PAT}@137?value=1"),
        (
            "base",
            "USDC",
            49_000_000,
            f"ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address={PAT}&uint256=49000000",
        ),
        (
            "bsc",
            "USDT",
            10**22,
            "ethereum:0x55d398326f99059fF775485246999027B3197955@56/transfer"
            f"?address={PAT}&uint256=10000000000000000000000",
        ),
        ("sandbox", "USDC", 49_000_000, PAT),
    ],
)
def test_a_payment_request(network, asset, units, expected):
    assert payment_uri(find_option(network, asset), PAT, units) == expected


def test_no_amount_is_written_with_an_exponent():
    for network in all_networks().values():
        for asset in network.assets:
            uri = payment_uri(find_option(network.id, asset), PAT, 10**30)
            assert network.chain_id is None or uri.endswith("=1" + "0" * 30)


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_is_not_asked_for(units):
    with pytest.raises(ValueError, match="more than nothing"):
        payment_uri(find_option("base", "ETH"), PAT, units)
