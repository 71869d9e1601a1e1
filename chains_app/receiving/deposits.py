"""Deposit addresses and the calls that collect them: offline, without a key.

A session's deposit address is create2(factory, keccak256(session id), init code that contains the treasury)
(EIP-1014), so it is known before anything is deployed and can only ever pay out to that treasury. The contracts are
in contracts/; docs/receiving.md tells users how it works. Amounts are base units.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector

ARTIFACTS: Final = Path(__file__).parents[1] / "contracts" / "artifacts.json"

# Literals on purpose: were they computed from the artifact, a changed compiler would silently move every address.
FACTORY_ADDRESS: Final = "0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0"
IMPLEMENTATION_ADDRESS: Final = "0xdE28b0E46Db667976DB1aA509589234F686E9E33"

# The same on every EVM network (EIP-1014 proxy by Arachnid); takes a salt and init code, makes that contract.
DEPLOYMENT_PROXY: Final = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
FACTORY_SALT: Final = bytes(32)

ETHER: Final = "0x0000000000000000000000000000000000000000"  # in place of a token: the network's own coin

# What one transfer of a batch may take; several times what the costliest known token needs.
GAS_EACH: Final = 300_000
# One call's data stays of a size that wallets show. What fits a transaction's gas the chain says: `calls/gas.py`.
MAX_DEPOSITS: Final = 200

_COLLECT = function_signature_to_4byte_selector("collect((address,address,bytes32[])[],uint256)")
_COLLECTED = "Collected(address,address,address,uint256)"
_NOT_COLLECTED = "NotCollected(address,address,address,uint256)"
COLLECTED_TOPIC: Final = "0x" + event_signature_to_log_topic(_COLLECTED).hex()
NOT_COLLECTED_TOPIC: Final = "0x" + event_signature_to_log_topic(_NOT_COLLECTED).hex()

_STEP_BYTES = 48  # each call of `as_one`
_FAIL = bytes.fromhex("5b60006000fd")  # JUMPDEST, revert(0, 0)

_CREATE2_PREFIX = b"\xff" + bytes.fromhex(FACTORY_ADDRESS[2:])
# contracts/DepositFactory.sol explains these bytes.
_INIT_CODE_START = bytes.fromhex("3d604080600a3d3981f33d3615602a57363d3d373d3d363d73")
_INIT_CODE_MIDDLE = bytes.fromhex("5af4602a5780fd5b00")


class WrongAddress(ValueError):
    """A text is no address that money can be sent to; the message says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to sign: `to`, 0x-hex `data`, `value` in wei."""

    to: str
    data: str
    value: int = 0


@dataclass(frozen=True, slots=True)
class Deposit:
    """Something to collect: what the deposit of a session holds of one token (ETHER for the network's coin)."""

    session_id: str
    treasury: str
    token: str = ETHER


@dataclass(frozen=True, slots=True)
class Collection:
    """What a log of the factory says: `amount_units` of `token` left `deposit`; if `collected` is false it was refused.

    The amount is what left: a token that takes a fee delivers less. Anyone can make the factory log tokens of
    their own making, so only listed tokens and known deposits mean something.
    """

    treasury: str
    deposit: str
    token: str
    amount_units: int
    collected: bool


def checked_address(text: str) -> str:
    """The address with its EIP-55 checksum. Text all in lower case carries no checksum and is taken as it is.

    Raises WrongAddress for anything else: other length, no hex, a checksum that does not match, the zero address.
    """
    text = text.strip()
    if len(text) != 42 or text[:2] != "0x":
        raise WrongAddress(gettext("An address starts with 0x and has 40 characters after that."))
    body = text[2:]
    if not set(body) <= set("0123456789abcdefABCDEF"):
        raise WrongAddress(gettext("An address has only the characters 0-9 and a-f after its 0x."))
    if not int(body, 16):
        raise WrongAddress(gettext("This is the zero address: money sent there is lost."))
    address = _checksummed(body.lower())
    if body != body.lower() and text != address:
        raise WrongAddress(gettext("The checksum of this address does not match: a character is wrong. Copy it again."))
    return address


def salt_for(session_id: str) -> bytes:
    """The CREATE2 salt of a session: keccak256 of its public id (`cs_…`)."""
    return keccak(session_id.encode())


def deposit_address(*, session_id: str, treasury: str) -> str:
    """The checksummed deposit address of a session, the same on every EVM network. Raises WrongAddress."""
    digest = keccak(_CREATE2_PREFIX + salt_for(session_id) + _init_code_hash(treasury))
    return _checksummed(digest[12:].hex())


def factory_deployment() -> Call:
    """Puts the factory at FACTORY_ADDRESS of a network; anyone may send it, and it fails where it is there already."""
    return Call(to=DEPLOYMENT_PROXY, data="0x" + FACTORY_SALT.hex() + _factory_artifact()["bytecode"][2:])


def collect_call(*, deposits: Sequence[Deposit], gas_each: int = GAS_EACH) -> Call:
    """One transaction that sends what these deposits hold to their treasuries; anyone may sign it.

    Raises WrongAddress, and ValueError for no deposits or more than MAX_DEPOSITS.
    """
    if not 0 < len(deposits) <= MAX_DEPOSITS:
        raise ValueError(f"One transaction collects 1 to {MAX_DEPOSITS} deposits, not {len(deposits)}.")
    groups: dict[tuple[str, str], list[bytes]] = {}
    for each in deposits:
        token = ETHER if each.token == ETHER else checked_address(each.token)
        groups.setdefault((checked_address(each.treasury), token), []).append(salt_for(each.session_id))
    rows = [(treasury, token, salts) for (treasury, token), salts in groups.items()]
    arguments = encode(["(address,address,bytes32[])[]", "uint256"], [rows, gas_each])
    return Call(to=FACTORY_ADDRESS, data="0x" + (_COLLECT + arguments).hex())


def collection_calls(*, deposits: Sequence[Deposit], factory_deployed: bool) -> list[Call]:
    """The transactions of a collection, in order: on a network without the factory, its deployment comes first.

    More deposits than fit one transaction are spread over several. Raises WrongAddress; ValueError for no deposits.
    """
    if not deposits:
        raise ValueError("There is nothing to collect.")
    batches = [deposits[i : i + MAX_DEPOSITS] for i in range(0, len(deposits), MAX_DEPOSITS)]
    calls = [collect_call(deposits=batch) for batch in batches]
    return calls if factory_deployed else [factory_deployment(), *calls]


def as_one(calls: Sequence[Call]) -> str:
    """Init code that makes the calls one after the other and leaves no contract; it reverts when one fails.

    Nobody sends it: whoever estimates it learns what they take together, also where the second needs the first.
    """
    bodies = [bytes.fromhex(call.data[2:]) for call in calls]
    fails = _STEP_BYTES * len(calls) + 1  # behind the steps and STOP
    at = fails + len(_FAIL)
    steps = b""
    for call, body in zip(calls, bodies, strict=True):
        length, place = b"\x61" + len(body).to_bytes(2), b"\x61" + at.to_bytes(2)
        steps += length + place + b"\x60\x00\x39"  # CODECOPY
        to = bytes.fromhex(call.to[2:])
        steps += b"\x60\x00\x60\x00" + length + b"\x60\x00\x60\x00\x73" + to + b"\x5a\xf1"  # CALL, with no value
        steps += b"\x15\x61" + fails.to_bytes(2) + b"\x57"  # ISZERO, JUMPI
        at += len(body)
    return "0x" + (steps + b"\x00" + _FAIL + b"".join(bodies)).hex()


def decode_collection(log: Mapping[str, Any]) -> Collection | None:
    """Reads a log as JSON-RPC gives it; None when it is no collection of our factory."""
    topics = [str(topic).lower() for topic in log["topics"]]
    ours = str(log["address"]).lower() == FACTORY_ADDRESS.lower()
    if not ours or len(topics) != 3 or topics[0] not in (COLLECTED_TOPIC, NOT_COLLECTED_TOPIC):
        return None
    token, amount = decode(["address", "uint256"], bytes.fromhex(log["data"][2:]))
    treasury, deposit = (_checksummed(topic[26:]) for topic in topics[1:])
    return Collection(treasury, deposit, _checksummed(token[2:]), amount, collected=topics[0] == COLLECTED_TOPIC)


@lru_cache(maxsize=1024)
def _init_code_hash(treasury: str) -> bytes:
    """Hash of what makes the clone of this treasury; cached, as one treasury has many sessions."""
    implementation = bytes.fromhex(IMPLEMENTATION_ADDRESS[2:])
    owner = bytes.fromhex(checked_address(treasury)[2:])
    return keccak(_INIT_CODE_START + implementation + _INIT_CODE_MIDDLE + owner)


def _checksummed(body: str) -> str:
    """EIP-55: a letter is a capital where the hash of the lower-case text has a digit of 8 or more."""
    marks = keccak(body.encode()).hex()
    return "0x" + "".join([c.upper() if mark > "7" else c for c, mark in zip(body, marks, strict=False)])


@cache
def _factory_artifact() -> dict[str, Any]:
    artifact: dict[str, Any] = json.loads(ARTIFACTS.read_text())["contracts"]["DepositFactory"]
    return artifact
