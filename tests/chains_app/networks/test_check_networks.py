"""`manage.py check_networks` against a real node whose chain is, in turn, otherwise than the networks' file says."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.anvil import Anvil
from tests.chains_app.node_cast import CONTRACTS
from tests.fake_node import FakeNode
from tests.fork_node import ForkNode

FILE = """
only_these_networks = true
[mychain]
name = "My chain"
chain_id = 31337
mode = "test"
block_seconds = 2
confirmations = { small = 1, normal = 2, large = 3 }
assets.ETH = { decimals = 18 }
assets.USDC = { decimals = 6, contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3" }
"""
COIN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
NOBODY = "0x58461166a60959aC919896067730E42033f785D4"


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with Anvil() as node:
        node.deploy(CONTRACTS["TestUSDC"])
        assert node.deploy(CONTRACTS["CoinAsToken"]) == COIN
        yield node


@pytest.fixture
def checked(node: Anvil, tmp_path: Path, settings: Settings) -> Callable[..., tuple[int, str]]:
    """Exit code and words, with the file changed in one place."""

    def check(before: str = "", after: str = "", *, url: str = "") -> tuple[int, str]:
        path = tmp_path / f"{abs(hash((before, after)))}.toml"
        path.write_text(FILE.replace(before, after) if before else FILE)
        settings.NETWORKS_FILE = str(path)
        said = StringIO()
        try:
            call_command("check_networks", "mychain", node=url or node.url, stdout=said)
        except CommandError as error:
            return error.returncode, said.getvalue() + str(error)
        return 0, said.getvalue()

    return check


def test_a_chain_as_the_file_says(checked: Callable[..., tuple[int, str]]) -> None:
    code, said = checked()
    assert code == 0
    assert "chain 31337, ETH USDC as listed." in said


def test_its_last_blocks_are_asked_for_once(node: Anvil, checked: Callable[..., tuple[int, str]]) -> None:
    with FakeNode(upstream=node.url) as counting:
        assert checked(url=counting.url)[0] == 0
        assert counting.count("eth_blockNumber") == 1


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("chain_id = 31337", "chain_id = 43114", "the node belongs to chain 31337, the file says 43114."),
        ("decimals = 6", "decimals = 18", "it has 6 decimals, the file says 18."),
        ("assets.USDC", "assets.EURC", "it calls itself 'USDC', the file says EURC."),
        ("0x5FbDB2315678afecb367f032d93F642f64180aa3", NOBODY, "there is no contract at this address."),
        (
            'USDC = { decimals = 6, contract = "0x5FbDB2315678afecb367f032d93F642f64180aa3"',
            f'COIN = {{ decimals = 18, contract = "{COIN}"',
            "it is the network's own coin, which would count twice",
        ),
    ],
)
def test_each_difference_is_told_and_ends_the_command_with_1(
    checked: Callable[..., tuple[int, str]], before: str, after: str, sentence: str
) -> None:
    code, said = checked(before, after)
    assert (code, said.count(sentence), "Differences: 1." in said) == (1, 1, True), said


def test_a_chain_where_nothing_could_be_collected_differs(node: Anvil, checked: Callable[..., tuple[int, str]]) -> None:
    proxy = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
    code = node.code(proxy)
    node.rpc("anvil_setCode", [proxy, "0x"])
    try:
        assert checked()[0] == 1
        assert "no deployment proxy" in checked()[1]
    finally:
        node.rpc("anvil_setCode", [proxy, code])


def test_a_coin_that_is_said_to_be_logged_and_is_not_differs(
    node: Anvil, checked: Callable[..., tuple[int, str]]
) -> None:
    block = int(node.send(to=NOBODY, value=1)["blockNumber"], 16)
    code, said = checked("chain_id = 31337", f"chain_id = 31337\ncoin_logs_from = {block}")
    assert code == 1
    assert f"in block {block} a transfer of the coin is not logged" in said
    assert checked("chain_id = 31337", f"chain_id = 31337\ncoin_logs_from = {block + 1}")[0] == 0


def test_a_coin_that_is_logged_as_the_file_says(checked: Callable[..., tuple[int, str]]) -> None:
    with ForkNode("amsterdam") as future:
        future.deploy(CONTRACTS["TestUSDC"])
        future.send(to=NOBODY, value=1)
        code, said = checked("chain_id = 31337", "chain_id = 31337\ncoin_logs_from = 1", url=future.url)
    assert code == 0, said


def test_a_node_that_cannot_be_asked_is_no_difference_and_its_url_is_not_shown(
    checked: Callable[..., tuple[int, str]],
) -> None:
    code, said = checked(url="http://127.0.0.1:9/secret-key")
    assert code == 2
    assert "127.0.0.1:9: not asked." in said
    assert "secret-key" not in said


def test_an_unknown_network_and_no_node_are_said(settings: Settings) -> None:
    settings.NETWORKS_FILE = ""
    with pytest.raises(CommandError, match="nowhere: no such network"):
        call_command("check_networks", "nowhere")
    with pytest.raises(CommandError, match="No network has a node"):
        call_command("check_networks", "linea")
