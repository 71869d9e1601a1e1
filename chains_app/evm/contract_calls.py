"""What contracts are asked, and whether there is one."""

from typing import Any

from chains_app.evm.json_rpc import Call, Node
from chains_app.evm.values import text_of

DECIMALS, SYMBOL, TOTAL_SUPPLY = "0x313ce567", "0x95d89b41", "0x18160ddd"  # selectors
_BALANCE_OF = "0x70a08231"
_NO_CODE = frozenset({"0x", "0x0"})


def view(contract: str, data: str, block: str = "latest") -> Call:
    """What the contract answers to this."""
    return Call("eth_call", ({"to": contract, "data": data}, block))


def balance_of(token: str, holder: str, block: str = "latest") -> Call:
    """What the address has of the token."""
    return view(token, _BALANCE_OF + holder[2:].lower().rjust(64, "0"), block)


def has_code(answer: Any, node: Node) -> bool:
    """Whether there is a contract, by an answer to `eth_getCode`. An error in its place is raised."""
    return text_of(answer, node) not in _NO_CODE
