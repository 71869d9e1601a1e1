"""The networks' file against a second list, which was looked up anew in other places than the first.

Circle's, Paxos' and Tether's own pages, Uniswap's default token list, Aave's address book, Linea's token list, Valora's
address metadata (Celo), Spark's address registry (USDS); chains from ethereum-lists and viem. A wrong address or number
of decimals gives money away; whoever changes one changes it here, too, from a second source.
"""

import pytest

from chains_app.networks.networks import all_networks

# network → chain id, mode, seconds a block, confirmations for small, normal and large prices
PROMISED = {
    "ethereum": (1, "live", 12, (2, 6, 32)),
    "base": (8453, "live", 2, (5, 20, 150)),
    "arbitrum": (42161, "live", 0.25, (20, 120, 1200)),
    "optimism": (10, "live", 2, (5, 20, 150)),
    "polygon": (137, "live", 2, (10, 50, 256)),
    "bsc": (56, "live", 0.75, (8, 20, 60)),
    "avalanche": (43114, "live", 1.7, (2, 6, 20)),
    "gnosis": (100, "live", 5, (5, 12, 60)),
    "linea": (59144, "live", 2, (5, 20, 150)),
    "celo": (42220, "live", 1, (10, 40, 300)),
    "unichain": (130, "live", 1, (10, 40, 300)),
    "sandbox": (None, "test", 1, (1, 1, 2)),
    "devchain": (31337, "test", 2, (2, 3, 5)),
    "sepolia": (11155111, "test", 12, (2, 3, 6)),
    "base-sepolia": (84532, "test", 2, (3, 5, 10)),
}
# Tokens: network, symbol → contract, decimals, the currency it promises to be worth one of
TOKENS = {
    ("ethereum", "USDC"): ("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", 6, "USD"),
    ("ethereum", "USDT"): ("0xdac17f958d2ee523a2206206994597c13d831ec7", 6, "USD"),
    ("base", "USDC"): ("0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", 6, "USD"),
    ("arbitrum", "USDC"): ("0xaf88d065e77c8cc2239327c5edb3a432268e5831", 6, "USD"),
    ("arbitrum", "USDT"): ("0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9", 6, "USD"),
    ("optimism", "USDC"): ("0x0b2c639c533813f4aa9d7837caf62653d097ff85", 6, "USD"),
    ("polygon", "USDC"): ("0x3c499c542cef5e3811e1192ce70d8cc03d5c3359", 6, "USD"),
    ("polygon", "USDT"): ("0xc2132d05d31c914a87c6611c10748aeb04b58e8f", 6, "USD"),
    ("bsc", "USDC"): ("0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d", 18, "USD"),
    ("bsc", "USDT"): ("0x55d398326f99059ff775485246999027b3197955", 18, "USD"),
    ("ethereum", "EURC"): ("0x1abaea1f7c830bd89acc67ec4af516284b1bc33c", 6, "EUR"),
    ("ethereum", "PYUSD"): ("0x6c3ea9036406852006290770bedfcaba0e23a0e8", 6, "USD"),
    ("ethereum", "DAI"): ("0x6b175474e89094c44da98b954eedeac495271d0f", 18, "USD"),
    ("ethereum", "USDS"): ("0xdc035d45d973e3ec169d2276ddab16f1e407384f", 18, "USD"),
    ("base", "EURC"): ("0x60a3e35cc302bfa44cb288bc5a4f316fdb1adb42", 6, "EUR"),
    ("base", "USDS"): ("0x820c137fa70c8691f0e44dc420a5e53c168921dc", 18, "USD"),
    ("arbitrum", "PYUSD"): ("0x46850ad61c2b7d64d08c9c754f45254596696984", 6, "USD"),
    ("arbitrum", "USDS"): ("0x6491c05a82219b8d1479057361ff1654749b876b", 18, "USD"),
    ("optimism", "USDS"): ("0x4f13a96ec5c4cf34e442b46bbd98a0791f20edc3", 18, "USD"),
    ("avalanche", "USDC"): ("0xb97ef9ef8734c71904d8002f8b6bc66dd9c48a6e", 6, "USD"),
    ("avalanche", "USDT"): ("0x9702230a8ea53601f5cd2dc00fdbc13d4df4a8c7", 6, "USD"),
    ("avalanche", "EURC"): ("0xc891eb4cbdeff6e073e859e987815ed1505c2acd", 6, "EUR"),
    ("linea", "USDC"): ("0x176211869ca2b568f2a7d4ee941e073a821ee1ff", 6, "USD"),
    ("celo", "USDC"): ("0xceba9300f2b948710d2653dd7b07f33a8b32118c", 6, "USD"),
    ("celo", "USDT"): ("0x48065fbbe25f71c9282ddf5e1cd6d6a887483d5e", 6, "USD"),
    ("unichain", "USDC"): ("0x078d782b760474a361dda0af3839290b0ef57ad6", 6, "USD"),
    ("sandbox", "USDC"): ("0x311109736f1766c5227d5b3084865e7efb6b05df", 6, "USD"),
    ("sandbox", "USDT"): ("0x58461166a60959ac919896067730e42033f785d4", 6, "USD"),
    ("devchain", "USDC"): ("0x5fbdb2315678afecb367f032d93f642f64180aa3", 6, "USD"),
    ("devchain", "USDT"): ("0xe7f1725e7734ce288f8367e1bb143e90bb3f0512", 6, "USD"),
    ("sepolia", "USDC"): ("0x1c7d4b196cb0c7b01d743fbc6116a902379c7238", 6, "USD"),
    ("base-sepolia", "USDC"): ("0x036cbd53842c5426634e7929541ec2318f3dcf7e", 6, "USD"),
}
COINS = {
    ("ethereum", "ETH"), ("base", "ETH"), ("arbitrum", "ETH"), ("optimism", "ETH"), ("polygon", "POL"), ("bsc", "BNB"),
    ("avalanche", "AVAX"), ("gnosis", "XDAI"), ("linea", "ETH"), ("celo", "CELO"), ("unichain", "ETH"),
    ("sandbox", "ETH"), ("devchain", "ETH"), ("sepolia", "ETH"), ("base-sepolia", "ETH"),
}  # fmt: skip
FEEDS = {
    ("ethereum", "ETH/USD"): "0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419",
    ("ethereum", "USDC/USD"): "0x8fffffd4afb6115b954bd326cbe7b4ba576818f6",
    ("ethereum", "USDT/USD"): "0x3e7d1eab13ad0104d2750b8863b489d65364e32d",
    ("ethereum", "BNB/USD"): "0x14e613ac84a31f709eadbdf89c6cc390fdc9540a",
    ("ethereum", "EUR/USD"): "0xb49f677943bc038e9857d61e7d053caa2c1734c1",
    ("ethereum", "GBP/USD"): "0x5c0ab2d9b5a7ed9f470386e82bb36a3613cdd4b5",
    ("ethereum", "CHF/USD"): "0x449d117117838ffa61263b61da6301aa2a88b13a",
    ("ethereum", "JPY/USD"): "0xbce206cae7f0ec07b545edde332a47c2f75bbeb3",
    ("ethereum", "CAD/USD"): "0xa34317db73e77d453b1b8d04550c44d10e981c8e",
    ("ethereum", "AUD/USD"): "0x77f9710e7d0a19669a13c055f62cd80d313df022",
    ("base", "ETH/USD"): "0x71041dddad3595f9ced3dccfbe3d1f4b0a16bb70",
    ("base", "USDC/USD"): "0x7e860098f58bbfc8648a4311b374b1d669a2bc6b",
    ("arbitrum", "ETH/USD"): "0x639fe6ab55c921f74e7fac1ee960c0b6293ba612",
    ("arbitrum", "USDC/USD"): "0x50834f3163758fcc1df9973b6e91f0f0f0434ad3",
    ("arbitrum", "USDT/USD"): "0x3f3f5df88dc9f13eac63df89ec16ef6e7e25dde7",
    ("optimism", "ETH/USD"): "0x13e3ee699d1909e989722e753853ae30b17e08c5",
    ("optimism", "USDC/USD"): "0x16a9fa2fda030272ce99b29cf780dfa30361e0f3",
    ("polygon", "POL/USD"): "0xab594600376ec9fd91f8e885dadf0ce036862de0",
    ("polygon", "ETH/USD"): "0xf9680d99d6c9589e2a93a78a04a279e509205945",
    ("polygon", "USDC/USD"): "0xfe4a8cc5b5b2366c1b58bea3858e81843581b2f7",
    ("polygon", "USDT/USD"): "0x0a6513e40db6eb1b165753ad52e80663aea50545",
    ("bsc", "BNB/USD"): "0x0567f2323251f0aab15c8dfb1967e4e8a7d42aee",
    ("bsc", "ETH/USD"): "0x9ef1b8c0e4f7dc8bf5719ea496883dc6401d5b2e",
    ("bsc", "USDC/USD"): "0x51597f405303c4377e36123cbc172b13269ea163",
    ("bsc", "USDT/USD"): "0xb97ad0e74fa7d920791e90258a6e2085088b4320",
    ("ethereum", "EURC/USD"): "0x04f84020fdf10d9ee64d1dcc2986edf2f556da11",
    ("ethereum", "PYUSD/USD"): "0x8f1df6d7f2db73eece86a18b4381f4707b918fb1",
    ("ethereum", "DAI/USD"): "0xaed0c38402a5d19df6e4c03f4e2dced6e29c1ee9",
    ("ethereum", "USDS/USD"): "0xff30586cd0f29ed462364c7e81375fc0c71219b1",
    ("base", "EURC/USD"): "0xdae398520e2b67cd3f27aef9cf14d93d927f8250",
    ("avalanche", "AVAX/USD"): "0x0a77230d17318075983913bc2145db16c7366156",
    ("avalanche", "USDC/USD"): "0xf096872672f44d6eba71458d74fe67f9a77a23b9",
    ("avalanche", "USDT/USD"): "0xebe676ee90fe1112671f19b6b7459bc678b67e8a",
    ("gnosis", "XDAI/USD"): "0x678df3415fc31947da4324ec63212874be5a82f8",
    ("linea", "USDC/USD"): "0xaadaa473c1bdf7317ec07c915680af29debfdcb5",
    ("celo", "CELO/USD"): "0x0568fd19986748ceff3301e55c0eb1e729e0ab7e",
    ("celo", "USDC/USD"): "0xc7a353bae210aed958a1a2928b654938ec59dab2",
}


def test_no_network_is_missing_or_unknown() -> None:
    assert sorted(all_networks()) == sorted(PROMISED)


@pytest.mark.parametrize("network_id", PROMISED)
def test_a_network_is_as_promised(network_id: str) -> None:
    found = all_networks()[network_id]
    needed = found.confirmations
    confirmations = (needed.small, needed.normal, needed.large)
    assert (found.chain_id, found.mode.value, found.block_seconds, confirmations) == PROMISED[network_id]


def test_every_token_is_the_contract_it_says_with_its_decimals_and_peg() -> None:
    assert {
        (network_id, symbol): (asset.contract.lower(), asset.decimals, asset.peg)
        for network_id, network in all_networks().items()
        for symbol, asset in network.assets.items()
        if asset.contract
    } == TOKENS


def test_every_coin_has_eighteen_decimals_and_promises_nothing_but_xdai() -> None:
    found = {
        (network_id, symbol): (asset.decimals, asset.peg)
        for network_id, network in all_networks().items()
        for symbol, asset in network.assets.items()
        if not asset.contract
    }
    assert found == dict.fromkeys(COINS, (18, None)) | {("gnosis", "XDAI"): (18, "USD")}


def test_every_price_feed_is_the_pair_it_says() -> None:
    assert {
        (network_id, pair): address.lower()
        for network_id, network in all_networks().items()
        for pair, address in network.feeds.items()
    } == FEEDS
