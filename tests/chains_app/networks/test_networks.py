"""The list of networks, what is enabled, and what the file that an operator adds may say."""

from decimal import Decimal

import pytest
from eth_utils.address import is_checksum_address

from chains_app.networks.networks import (
    UnknownNetwork,
    all_networks,
    enabled_networks,
    find_option,
    network,
    option,
    payment_options,
)
from common.modes import Mode

MINE = """
[mychain]
name = "My chain"
chain_id = 7777
mode = "live"
block_seconds = 3
confirmations = { small = 1, normal = 2, large = 3 }
assets.GOLD = { decimals = 9, contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3" }
"""


@pytest.fixture
def networks_file(tmp_path, settings):
    """Writes the operator's file."""

    def write(text: str):
        settings.NETWORKS_FILE = str(tmp_path / f"networks-{len(text)}.toml")
        (tmp_path / f"networks-{len(text)}.toml").write_text(text)
        return all_networks()

    return write


@pytest.fixture(autouse=True)
def _no_nodes(monkeypatch):
    for each in all_networks().values():
        monkeypatch.delenv(each.rpc_variable, raising=False)


def test_the_networks_of_each_mode():
    by_mode = {mode: [each.id for each in all_networks().values() if each.mode == mode] for mode in Mode}
    assert by_mode[Mode.LIVE] == [
        "ethereum", "base", "arbitrum", "optimism", "polygon", "bsc",
        "avalanche", "gnosis", "linea", "celo", "unichain",
    ]  # fmt: skip
    assert by_mode[Mode.TEST] == ["sandbox", "devchain", "sepolia", "base-sepolia"]


def test_every_contract_is_checksummed_and_every_network_has_one_coin():
    for each in all_networks().values():
        assert each.native is not None
        assert all(is_checksum_address(asset.contract) for asset in each.assets.values() if asset.contract)


@pytest.mark.parametrize(("network_id", "decimals"), [("bsc", 18), ("ethereum", 6), ("base", 6)])
def test_the_decimals_of_a_stablecoin_depend_on_the_network(network_id, decimals):
    usdc = network(network_id).assets["USDC"]
    assert (usdc.decimals, usdc.display_decimals, usdc.peg, usdc.is_native) == (decimals, 2, "USD", False)


def test_without_nodes_only_the_sandbox_is_offered():
    assert [each.id for each in enabled_networks("test")] == ["sandbox"]
    assert enabled_networks(Mode.LIVE) == ()
    assert [(each.network.id, each.asset.symbol) for each in payment_options("test")] == [
        ("sandbox", "ETH"),
        ("sandbox", "USDC"),
        ("sandbox", "USDT"),
    ]


def test_a_node_enables_its_network(monkeypatch):
    monkeypatch.setenv("RPC_URL_BASE_SEPOLIA", "https://one.example , https://two.example,")
    assert [each.id for each in enabled_networks("test")] == ["sandbox", "base-sepolia"]
    assert network("base-sepolia").rpc_urls == ("https://one.example", "https://two.example")


def test_urls_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "url").write_text("https://one.example/key\n")
    monkeypatch.setenv("RPC_URL_BASE_FILE", str(tmp_path / "url"))
    assert network("base").rpc_urls == ("https://one.example/key",)


def test_an_option_belongs_to_its_mode(monkeypatch):
    monkeypatch.setenv("RPC_URL_BASE", "https://one.example")
    found = option(mode="live", asset="USDC", network="base")
    assert found == find_option("base", "USDC")
    assert option(mode="test", asset="USDC", network="base") is None
    assert option(mode="live", asset="USDT", network="base") is None
    assert option(mode="live", asset="USDC", network="ethereum") is None
    assert find_option("nowhere", "USDC") is None


def test_an_unknown_network():
    with pytest.raises(UnknownNetwork):
        network("nowhere")


@pytest.mark.parametrize(("worth", "blocks"), [("0", 5), ("99.99", 5), ("100", 20), ("9999.99", 20), ("10000", 150)])
def test_confirmations_grow_with_the_amount(worth, blocks):
    assert network("base").confirmations.for_worth(Decimal(worth)) == blocks


def test_where_a_human_sees_a_transfer():
    base = network("base")
    assert base.explorer_link(tx_hash="0xabc", log_index=3, recipient="0xdef") == "https://basescan.org/tx/0xabc"
    assert base.explorer_link(tx_hash="0xabc", log_index=-2, recipient="0xdef") == "https://basescan.org/address/0xdef"
    assert network("sandbox").explorer_link(tx_hash="0xabc", log_index=3, recipient="0xdef") is None


def test_an_operator_adds_a_network(networks_file):
    networks = networks_file(MINE)
    assert list(networks)[-1] == "mychain"
    gold = networks["mychain"].assets["GOLD"]
    assert (gold.name, gold.decimals, gold.display_decimals, gold.peg) == ("GOLD", 9, 6, None)
    assert networks["mychain"].rpc_variable == "RPC_URL_MYCHAIN"


def test_an_operator_replaces_a_network(networks_file):
    networks = networks_file(MINE.replace("mychain", "base"))
    assert (networks["base"].name, list(networks["base"].assets), len(networks)) == ("My chain", ["GOLD"], 15)


def test_an_operator_leaves_the_built_in_ones_out(networks_file):
    assert list(networks_file("only_these_networks = true\n" + MINE)) == ["mychain"]
