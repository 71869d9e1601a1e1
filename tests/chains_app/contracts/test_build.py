"""The committed artifacts are what the sources give, and what the addresses in deposits.py follow from."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chains_app.receiving.deposits import (
    ARTIFACTS,
    DEPLOYMENT_PROXY,
    FACTORY_ADDRESS,
    FACTORY_SALT,
    IMPLEMENTATION_ADDRESS,
)
from tests.anvil import ROOT
from tests.chains_app.contracts.stage import CONTRACTS

FACTORY = CONTRACTS["DepositFactory"]


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts")
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed to rebuild the contracts"
    build = ARTIFACTS.with_name("build.mjs")
    subprocess.run([node, build, folder], cwd=ROOT, check=True, timeout=60)
    return folder


@pytest.mark.parametrize("name", ["artifacts.json", "test_artifacts.json"])
def test_rebuilding_gives_the_committed_artifact(rebuilt: Path, name: str) -> None:
    assert (rebuilt / name).read_text() == ARTIFACTS.with_name(name).read_text()


def test_the_factory_address_follows_from_the_artifact() -> None:
    proxy = bytes.fromhex(DEPLOYMENT_PROXY[2:])
    code_hash = keccak(hexstr=FACTORY["bytecode"])
    assert to_checksum_address(keccak(b"\xff" + proxy + FACTORY_SALT + code_hash)[12:]) == FACTORY_ADDRESS


def test_the_implementation_is_the_first_contract_that_the_factory_makes() -> None:
    # RLP of (factory, nonce 1): a list of 22 bytes, a string of 20, a single byte.
    rlp = b"\xd6\x94" + bytes.fromhex(FACTORY_ADDRESS[2:]) + b"\x01"
    assert to_checksum_address(keccak(rlp)[12:]) == IMPLEMENTATION_ADDRESS


def opcodes(code: bytes) -> set[int]:
    """The instructions of EVM code, without the data of its PUSHes."""
    found, position = set(), 0
    while position < len(code):
        found.add(code[position])
        position += 1 + (code[position] - 0x5F if 0x60 <= code[position] <= 0x7F else 0)
    return found


@pytest.mark.parametrize("name", ["Deposit", "DepositFactory"])
def test_the_code_runs_on_networks_that_stand_at_paris(name: str) -> None:
    later_than_paris = {0x1E, 0x49, 0x4A, 0x5C, 0x5D, 0x5E, 0x5F}  # CLZ, BLOB*, TLOAD, TSTORE, MCOPY, PUSH0
    assert not opcodes(bytes.fromhex(CONTRACTS[name]["runtime"][2:])) & later_than_paris


@pytest.mark.parametrize("name", ["Deposit", "DepositFactory"])
def test_the_code_cannot_destroy_itself_nor_keep_anything(name: str) -> None:
    selfdestruct_and_storage = {0xFF, 0x54, 0x55}
    assert not opcodes(bytes.fromhex(CONTRACTS[name]["runtime"][2:])) & selfdestruct_and_storage


def test_the_factory_itself_delegates_to_nobody() -> None:
    assert not opcodes(bytes.fromhex(FACTORY["runtime"][2:])) & {0xF2, 0xF4}  # CALLCODE, DELEGATECALL


def test_the_artifact_names_its_compiler() -> None:
    assert json.loads(ARTIFACTS.read_text())["compiler"].startswith("0.8.34+")
