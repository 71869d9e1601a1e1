"""The networks are read as a hostile stranger wrote them, and network and key are named."""

import pytest

from chains_app.checks import network_faults
from tests.chains_app.networks.test_networks import MINE


@pytest.fixture
def problems(tmp_path):
    """What is said about the operator's file."""

    def write(text: str | bytes) -> str:
        path = tmp_path / f"{abs(hash(text))}.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = list(network_faults(str(path)))
        assert {each.variable for each in found} <= {"NETWORKS_FILE"}
        return "\n".join(each.right for each in found)

    return write


def test_what_is_shipped_is_right():
    assert list(network_faults("")) == []


def test_a_right_file_has_no_problem(problems):
    assert problems(MINE) == ""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("chain_id = 7777", "", "mychain.chain_id: missing"),
        ("chain_id = 7777", "chain_id = '7777'", "mychain.chain_id: '7777' is wrong; give a whole number"),
        ("chain_id = 7777", "chain_id = true", "mychain.chain_id: True is wrong"),
        ("chain_id = 7777", "chain_id = 0", "mychain.chain_id: 0 is wrong"),
        ("chain_id = 7777", "chain_id = 8453", "mychain.chain_id: 8453 belongs to base already"),
        ('mode = "live"', 'mode = "prod"', "mychain.mode: 'prod' is wrong; give 'test' or 'live'"),
        ('name = "My chain"', "", "mychain.name: missing"),
        ('name = "My chain"', 'name = ""', "mychain.name: '' is wrong"),
        ('name = "My chain"', f'name = "{"x" * 999}"', "mychain.name: 'xxx"),
        ("block_seconds = 3", "block_seconds = 3\ncoin_logs_from = 0", "mychain.coin_logs_from"),
        ("block_seconds = 3", "block_seconds = 3\ncoin_logs_from = 'soon'", "mychain.coin_logs_from"),
        ("block_seconds = 3", "block_seconds = 0", "mychain.block_seconds: 0 is wrong"),
        ("block_seconds = 3", "block_seconds = nan", "mychain.block_seconds: nan is wrong"),
        ("block_seconds = 3", "blockseconds = 3", "mychain.blockseconds: unknown; the keys are name"),
        ("small = 1", "small = 0", "mychain.confirmations.small: 0 is wrong"),
        ("small = 1, ", "", "mychain.confirmations.small: missing"),
        ("small = 1", "small = 9", "mychain.confirmations: larger amounts cannot need fewer"),
        ("{ small = 1, normal = 2, large = 3 }", "3", "mychain.confirmations: 3 is wrong"),
        ("decimals = 9", "decimals = -1", "mychain.assets.GOLD.decimals: -1 is wrong"),
        ("decimals = 9, ", "", "mychain.assets.GOLD.decimals: missing"),
        ("decimals = 9", "decimals = 9, display_decimals = 10", "GOLD.display_decimals: 10 is more than"),
        ("decimals = 9", "decimals = 9, peg = 'usd'", "GOLD.peg: 'usd' is wrong; give a currency"),
        ("decimals = 9", "decimals = 9, color = 'red'", "GOLD.color: unknown"),
        ("assets.GOLD", "assets.g", "mychain.assets.g: a symbol is"),
        (
            "5FbDB2315678",
            "5fbDB2315678",
            "GOLD.contract: 0x5fbDB2315678afecb367f032d93F642f64180aa3 has a wrong checksum",
        ),
        ("0x5FbDB2315678afecb367f032d93F642f64180aa3", "0x" + "0" * 40, "GOLD.contract: the zero address"),
        *(
            (
                "0x5FbDB2315678afecb367f032d93F642f64180aa3",
                coin,
                "GOLD.contract: " + coin + " is the network's own coin",
            )
            for coin in (
                "0x471EcE3750Da237f93B8E339c536989b8978a438",
                "0x0000000000000000000000000000000000001010",
                "0x000000000000000000000000000000000000800A",
                "0x0000000000000000000000000000000000000802",
                "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE",
            )
        ),
        ("0x5FbDB2315678afecb367f032d93F642f64180aa3", "gold.eth", "GOLD.contract: 'gold.eth' is no address"),
        ("[mychain]", "[My_Chain]", "My_Chain: an id is"),
        ("[mychain]", 'explorer = "x"\n[mychain]', "explorer: expected a table [explorer]"),
        ("block_seconds = 3", 'block_seconds = 3\nexplorer = "javascript:alert(1)"', "mychain.explorer: 'javascript"),
        ("block_seconds = 3", 'block_seconds = 3\nkind = "solana"', "mychain.kind: 'solana' is wrong"),
        ("block_seconds = 3", 'block_seconds = 3\nfeeds = { "ETHUSD" = "0x1" }', "mychain.feeds.ETHUSD: name a feed"),
        ("block_seconds = 3", 'block_seconds = 3\nfeeds = { "ETH/USD" = "0x1" }', "ETH/USD: '0x1' is no address"),
        (
            "\nassets.GOLD",
            "\nassets.A2 = { decimals = 1 }\nassets.B2 = { decimals = 1 }\nassets.GOLD",
            "B2.contract: missing",
        ),
        (
            "\nassets.GOLD",
            '\nassets.A2 = { decimals = 1, contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3" }\nassets.GOLD',
            "is A2's already",
        ),
        ("assets.GOLD = {", "assets.GOLD = 7 #", "mychain.assets.GOLD: expected a table"),
        ("assets.GOLD", "assets = {} #", "mychain.assets: empty"),
    ],
)
def test_what_is_wrong_is_named(problems, before, after, said):
    assert before in MINE
    assert said in problems(MINE.replace(before, after, 1))


def test_all_faults_are_named_at_once(problems):
    said = problems(MINE.replace("chain_id = 7777", "chain_id = 0").replace("decimals = 9", "decimals = 99"))
    assert "mychain.chain_id" in said
    assert "mychain.assets.GOLD.decimals" in said


@pytest.mark.parametrize(("text", "said"), [("[[", "is not TOML"), (b"\xff\xfe", "is not UTF-8")])
def test_a_file_that_is_no_toml(problems, text, said):
    assert said in problems(text)


def test_a_file_that_is_not_there(tmp_path):
    (found,) = network_faults(str(tmp_path / "none.toml"))
    assert "cannot be read: No such file" in found.right


def test_a_url_for_a_network_that_nobody_knows(monkeypatch):
    monkeypatch.setenv("RPC_URL_BAES", "https://one.example")
    (found,) = network_faults("")
    assert found.variable == "RPC_URL_BAES"
    assert "names no network" in found.right
    assert "RPC_URL_BASE" in found.right


@pytest.mark.parametrize(
    "url", ["one.example/SECRETKEY", "ws://one.example/SECRETKEY", "http://", "https://a:b/SECRETKEY"]
)
def test_a_url_that_is_none_is_named_and_not_shown(monkeypatch, url):
    monkeypatch.setenv("RPC_URL_BASE", f"https://good.example,{url}")
    (found,) = network_faults("")
    assert found.variable == "RPC_URL_BASE"
    assert found.right.startswith("URL number 2")
    assert "SECRETKEY" not in found.right


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), (b"\xff", "it is not text in UTF-8")]
)
def test_a_file_of_urls_that_cannot_be_read(monkeypatch, tmp_path, content, reason):
    if content:
        (tmp_path / "urls").write_bytes(content)
    monkeypatch.setenv("RPC_URL_BASE_FILE", str(tmp_path / "urls"))
    assert list(network_faults("")) == [("RPC_URL_BASE_FILE", f"This file cannot be read: {reason}.")]
