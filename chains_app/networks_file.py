"""Reads the networks from TOML and names everything that is wrong with them, by network and key."""

import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from eth_utils.address import is_checksum_address, to_checksum_address

BUILT_IN = Path(__file__).with_name("networks.toml")

Table = dict[str, Any]

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FEED = re.compile(r"[A-Z0-9]{2,12}/[A-Z]{3}")


class NetworksFileError(ImproperlyConfigured):
    """The networks cannot be used as they are written; `problems` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The networks cannot be used as they are written. " + " ".join(problems))
        self.problems = problems


def read_tables(extra: str) -> dict[str, Table]:
    """The built-in networks, with those of the file at `extra` (may be empty) added or replaced, by id.

    `only_these_networks = true` in that file leaves the built-in ones out. Raises NetworksFileError.
    """
    tables = _parse(BUILT_IN)
    if extra:
        own = _parse(Path(extra))
        only = own.pop("only_these_networks", False)
        if not isinstance(only, bool):
            raise NetworksFileError([f"{extra}: only_these_networks must be true or false."])
        tables = own if only else tables | own
    if problems := list(problems_of(tables)):
        raise NetworksFileError(problems)
    return tables


def _parse(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NetworksFileError([f"NETWORKS_FILE: {path} cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise NetworksFileError([f"NETWORKS_FILE: {path} is not UTF-8 text."]) from None
    except tomllib.TOMLDecodeError as error:
        raise NetworksFileError([f"NETWORKS_FILE: {path} is not TOML: {error}."]) from None


def problems_of(tables: Table) -> Iterator[str]:
    """One sentence for each fault, beginning with the network's id and the key."""
    chain_ids: dict[int, str] = {}
    for network_id, table in tables.items():
        if not isinstance(table, dict):
            yield f"{network_id}: expected a table [{network_id}], got {_shown(table)}."
            continue
        if len(network_id) > 32 or not _ID.fullmatch(network_id):
            yield f"{network_id}: an id is at most 32 small letters, digits and single hyphens."
        yield from _network_problems(network_id, table)
        if type(chain_id := table.get("chain_id")) is int:
            if other := chain_ids.get(chain_id):
                yield f"{network_id}.chain_id: {chain_id} belongs to {other} already."
            chain_ids.setdefault(chain_id, network_id)


# --- one network

_Rule = tuple[Callable[[Any], bool], str]


def _network_problems(where: str, table: Table) -> Iterator[str]:
    yield from _against(where, table, _NETWORK_KEYS, _NETWORK_NEEDS)
    if table.get("kind", "evm") == "evm" and "chain_id" not in table:
        yield f"{where}.chain_id: missing; give the network's EIP-155 chain id."
    if isinstance(table.get("confirmations"), dict):
        yield from _confirmations_problems(f"{where}.confirmations", table["confirmations"])
    if isinstance(table.get("assets"), dict):
        yield from _assets_problems(f"{where}.assets", table["assets"])
    if isinstance(table.get("feeds"), dict):
        for pair, address in table["feeds"].items():
            if not _FEED.fullmatch(pair):
                yield f"{where}.feeds.{pair}: name a feed by its pair, such as 'ETH/USD'."
            yield from _address_problems(f"{where}.feeds.{pair}", address)


def _confirmations_problems(where: str, table: Table) -> Iterator[str]:
    names = ("small", "normal", "large")
    rule: _Rule = (lambda value: type(value) is int and 1 <= value <= 100_000, "a whole number from 1")
    faults = list(_against(where, table, dict.fromkeys(names, rule), names))
    yield from faults
    if not faults and not table["small"] <= table["normal"] <= table["large"]:
        yield f"{where}: larger amounts cannot need fewer confirmations; give small ≤ normal ≤ large."


def _assets_problems(where: str, assets: Table) -> Iterator[str]:
    if not assets:
        yield f"{where}: empty; a network without an asset cannot be paid on."
    contracts: dict[str, str] = {}
    natives: list[str] = []
    for symbol, table in assets.items():
        here = f"{where}.{symbol}"
        if not _SYMBOL.fullmatch(symbol):
            yield f"{here}: a symbol is 2 to 12 capital letters and digits, such as USDC."
        if not isinstance(table, dict):
            yield f"{here}: expected a table such as {{ decimals = 18 }}, got {_shown(table)}."
            continue
        yield from _against(here, table, _ASSET_KEYS, ("decimals",))
        smallest, largest = table.get("minimum"), table.get("maximum")
        if _is_amount(smallest) and _is_amount(largest) and Decimal(str(smallest)) > Decimal(str(largest)):
            yield f"{here}.minimum: {smallest} is more than the maximum, {largest}."
        if (contract := table.get("contract")) is None:
            natives.append(symbol)
            continue
        yield from _address_problems(f"{here}.contract", contract)
        if (owner := contracts.setdefault(str(contract).lower(), symbol)) != symbol:
            yield f"{here}.contract: {contract} is {owner}'s already."
    for symbol in natives[1:]:
        yield f"{where}.{symbol}.contract: missing; {natives[0]} is the network's own asset already."


def _address_problems(where: str, address: object) -> Iterator[str]:
    if not isinstance(address, str) or not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
        yield f"{where}: {_shown(address)} is no address; give 0x and 40 hex digits."
    elif int(address, 16) == 0:
        yield f"{where}: the zero address is no contract."
    elif not is_checksum_address(address):
        yield (
            f"{where}: {address} has a wrong checksum. If every digit is right it reads "
            f"{to_checksum_address(address)}; copy it again from the issuer."
        )


# --- keys and values


def _text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 64


def _web_address(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).netloc)


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _is_amount(value: object) -> bool:
    # Text, because TOML's fractions are binary floats.
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,18})?", value)) and Decimal(value) > 0


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


_NETWORK_NEEDS = ("name", "mode", "block_seconds", "confirmations", "assets")
_NETWORK_KEYS: dict[str, _Rule] = {
    "name": (_text, "a name of up to 64 letters"),
    "kind": (lambda value: value in ("evm", "sandbox"), "'evm' or 'sandbox'"),
    "mode": (lambda value: value in ("test", "live"), "'test' or 'live'"),
    # EIP-2294 bounds chain ids; JavaScript wallets lose digits of anything larger.
    "chain_id": (_whole(1, 2**53 // 2 - 36), "a whole number from 1"),
    "block_seconds": (
        lambda value: type(value) in (int, float) and 0.05 <= value <= 3600,
        "seconds, 0.05 to 3600",
    ),
    "confirmations": (_is_table, "{ small = …, normal = …, large = … }"),
    "explorer": (_web_address, "an http(s) URL"),
    "assets": (_is_table, "a table of assets"),
    "feeds": (_is_table, "a table of price feeds"),
}
_ASSET_KEYS: dict[str, _Rule] = {
    "name": (_text, "a name of up to 64 letters"),
    "contract": (lambda _: True, ""),
    # A uint256 has 78 digits, but no listed asset is finer than wei and 36 keeps every value exact.
    "decimals": (_whole(0, 36), "a whole number from 0 to 36"),
    "display_decimals": (_whole(0, 18), "a whole number from 0 to 18"),
    "minimum": (lambda value: _is_amount(value), "an amount of the asset as text, such as '0.001'"),
    "maximum": (lambda value: _is_amount(value), "an amount of the asset as text, such as '50000'"),
    "peg": (
        lambda value: isinstance(value, str) and bool(_CURRENCY.fullmatch(value)),
        "a currency such as 'USD'",
    ),
}


def _against(where: str, table: Table, keys: dict[str, _Rule], needed: tuple[str, ...]) -> Iterator[str]:
    """Unknown, missing and wrong keys of a table."""
    for key in needed:
        if key not in table:
            yield f"{where}.{key}: missing; give {keys[key][1]}."
    for key, value in table.items():
        if key not in keys:
            yield f"{where}.{key}: unknown; the keys are {', '.join(keys)}."
        elif not keys[key][0](value):
            yield f"{where}.{key}: {_shown(value)} is wrong; give {keys[key][1]}."
    digits = table.get("decimals"), table.get("display_decimals")
    if type(digits[0]) is int and type(digits[1]) is int and digits[1] > digits[0]:
        yield f"{where}.display_decimals: {digits[1]} is more than the asset's {digits[0]} decimals."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
