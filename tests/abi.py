"""Calls named by their signature: `name(types)`, results in a second pair of brackets (as foundry's `cast` does)."""

from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak


def selector(signature: str) -> bytes:
    """First four bytes of the hash of `name(types)`; a second pair of brackets is ignored."""
    return keccak(text=signature[: _end_of_arguments(signature)])[:4]


def call_data(signature: str, *args: object) -> str:
    """0x-hex data of a call to `name(types)` with these arguments."""
    types = _split_types(signature[signature.index("(") + 1 : _end_of_arguments(signature) - 1])
    return "0x" + (selector(signature) + encode(types, args)).hex()


def decoded(signature: str, result: str) -> Any:
    """What 0x-hex `result` of `name(types)(result types)` says: the bare value if there is one, else a tuple."""
    types = _split_types(signature[_end_of_arguments(signature) + 1 : -1])
    values = decode(types, bytes.fromhex(result[2:]))
    return values[0] if len(values) == 1 else values


def _end_of_arguments(signature: str) -> int:
    """Index just behind the bracket that closes the argument list."""
    depth = 0
    for index, letter in enumerate(signature):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and depth == 0:
            return index + 1
    raise ValueError(f"not a function signature: {signature!r}")


def _split_types(text: str) -> list[str]:
    """Splits at the commas that are not inside a tuple."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part]
