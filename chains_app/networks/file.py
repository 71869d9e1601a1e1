"""Reads the networks from TOML and names everything that is wrong with them, by network and key."""

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from eth_utils.address import is_checksum_address, to_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from chains_app.networks.coins import COINS_AS_TOKENS
from common.api.faults import Faults

BUILT_IN = Path(__file__).with_name("networks.toml")

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_FEED = re.compile(r"[A-Z0-9]{2,12}/[A-Z]{3}")
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
# What our own rules say, in whole sentences; of everything else it is told what to give instead.
_SAID = "said"


class NetworksFileError(ImproperlyConfigured):
    """The networks cannot be used as they are written; `problems` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The networks cannot be used as they are written. " + " ".join(problems))
        self.problems = problems


# --- kinds of value


def _network_id(text: str) -> str:
    if len(text) > 32 or not _ID.fullmatch(text):
        raise PydanticCustomError(_SAID, "an id is at most 32 small letters, digits and single hyphens.")
    return text


def _symbol(text: str) -> str:
    if not _SYMBOL.fullmatch(text):
        raise PydanticCustomError(_SAID, "a symbol is 2 to 12 capital letters and digits, such as USDC.")
    return text


def _pair(text: str) -> str:
    if not _FEED.fullmatch(text):
        raise PydanticCustomError(_SAID, "name a feed by its pair, such as 'ETH/USD'.")
    return text


def _address(value: object) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError(_SAID, f"{_shown(value)} is no address; give 0x and 40 hex digits.")
    if int(value, 16) == 0:
        raise PydanticCustomError(_SAID, "the zero address is no contract.")
    if not is_checksum_address(value):
        raise PydanticCustomError(
            _SAID,
            f"{value} has a wrong checksum. If every digit is right it reads "
            f"{to_checksum_address(value)}; copy it again from the issuer.",
        )
    return value


def _web_address(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).netloc:
        raise ValueError
    return text


def _amount(value: object) -> Decimal:
    # Text, because TOML's fractions are binary floats.
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value) or not Decimal(value):
        raise ValueError
    return Decimal(value)


def _border(value: object) -> int | None:
    if value == "not yet":
        return None
    if type(value) is not int or value < 1:
        raise ValueError
    return value


def _token(value: object) -> str:
    address = _address(value)
    if address in COINS_AS_TOKENS:
        raise PydanticCustomError(
            _SAID,
            f"{address} is the network's own coin, which would count twice; list it as the coin, without a contract.",
        )
    return address


Address = Annotated[str, PlainValidator(_address)]
Token = Annotated[str, PlainValidator(_token)]
Amount = Annotated[Decimal, PlainValidator(_amount)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
Blocks = Annotated[int, Field(ge=1, le=100_000)]

# --- tables; a description says what to give


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ConfirmationsTable(_Table):
    """Blocks until a payment is final enough, by its worth."""

    small: Blocks = Field(description="a whole number from 1")
    normal: Blocks = Field(description="a whole number from 1")
    large: Blocks = Field(description="a whole number from 1")

    @model_validator(mode="after")
    def grow(self) -> Self:
        """More money, more blocks."""
        if not self.small <= self.normal <= self.large:
            sentence = "larger amounts cannot need fewer confirmations; give small ≤ normal ≤ large."
            raise PydanticCustomError(_SAID, sentence)
        return self


class AssetTable(_Table):
    """An asset on a network."""

    name: Name | None = Field(None, description="a name of up to 64 letters")
    contract: Token | None = Field(None, description="the contract's address")
    # A uint256 has 78 digits, but no listed asset is finer than wei and 36 keeps every value exact.
    decimals: int = Field(ge=0, le=36, description="a whole number from 0 to 36")
    display_decimals: int | None = Field(None, ge=0, le=18, description="a whole number from 0 to 18")
    minimum: Amount | None = Field(None, description="an amount of the asset as text, such as '0.001'")
    maximum: Amount | None = Field(None, description="an amount of the asset as text, such as '50000'")
    peg: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="a currency such as 'USD'")

    @model_validator(mode="after")
    def fit_together(self) -> Self:
        """No more digits shown than there are, no minimum above the maximum."""
        faults = Faults()
        if self.display_decimals is not None and self.display_decimals > self.decimals:
            sentence = f"{self.display_decimals} is more than the asset's {self.decimals} decimals."
            faults.add("display_decimals", _SAID, sentence)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            faults.add("minimum", _SAID, f"{self.minimum} is more than the maximum, {self.maximum}.")
        faults.tell()
        return self


def _apart(assets: dict[str, AssetTable]) -> dict[str, AssetTable]:
    """At least one, each with a contract of its own, one at most without."""
    if not assets:
        raise PydanticCustomError(_SAID, "empty; a network without an asset cannot be paid on.")
    faults = Faults()
    natives = [symbol for symbol, asset in assets.items() if asset.contract is None]
    for symbol in natives[1:]:
        sentence = f"missing; {natives[0]} is the network's own asset already."
        faults.add(f"{symbol}.contract", _SAID, sentence)
    owners: dict[str, str] = {}
    for symbol, asset in assets.items():
        if asset.contract and (owner := owners.setdefault(asset.contract, symbol)) != symbol:
            faults.add(f"{symbol}.contract", _SAID, f"{asset.contract} is {owner}'s already.")
    faults.tell()
    return assets


class NetworkTable(_Table):
    """A network."""

    name: Name = Field(description="a name of up to 64 letters")
    kind: Literal["evm", "sandbox"] = Field("evm", description="'evm' or 'sandbox'")
    mode: Literal["test", "live"] = Field(description="'test' or 'live'")
    # EIP-2294 bounds chain ids; JavaScript wallets lose digits of anything larger.
    chain_id: int | None = Field(None, ge=1, le=2**53 // 2 - 36, description="a whole number from 1")
    block_seconds: float = Field(ge=0.05, le=3600, allow_inf_nan=False, description="seconds, 0.05 to 3600")
    confirmations: ConfirmationsTable = Field(description="{ small = …, normal = …, large = … }")
    explorer: Annotated[str, AfterValidator(_web_address)] | None = Field(None, description="an http(s) URL")
    assets: Annotated[dict[Annotated[str, AfterValidator(_symbol)], AssetTable], AfterValidator(_apart)] = Field(
        description="a table of assets"
    )
    coin_logs_from: Annotated[int | None, PlainValidator(_border)] = Field(
        None, description="the number of a block, or 'not yet'"
    )
    feeds: dict[Annotated[str, AfterValidator(_pair)], Address] = Field({}, description="a table of price feeds")

    @model_validator(mode="after")
    def is_one_chain(self) -> Self:
        """Two chains may have the same name, never the same number."""
        if self.kind == "evm" and self.chain_id is None:
            faults = Faults()
            faults.add("chain_id", _SAID, "missing; give the network's EIP-155 chain id.")
            faults.tell()
        return self


_NETWORKS = TypeAdapter(dict[Annotated[str, AfterValidator(_network_id)], NetworkTable])

# --- the file


def read_tables(extra: str) -> dict[str, NetworkTable]:
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
    problems = list(_doubles(tables))
    try:
        networks = _NETWORKS.validate_python(tables)
    except ValidationError as error:
        problems += [_sentence(fault) for fault in error.errors(include_url=False)]
    if problems:
        raise NetworksFileError(problems)
    return networks


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NetworksFileError([f"NETWORKS_FILE: {path} cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise NetworksFileError([f"NETWORKS_FILE: {path} is not UTF-8 text."]) from None
    except tomllib.TOMLDecodeError as error:
        raise NetworksFileError([f"NETWORKS_FILE: {path} is not TOML: {error}."]) from None


def _doubles(tables: dict[str, Any]) -> Iterator[str]:
    """Chain ids that two networks have."""
    owners: dict[int, str] = {}
    for network_id, table in tables.items():
        chain_id = table.get("chain_id") if isinstance(table, dict) else None
        if isinstance(chain_id, int) and (owner := owners.setdefault(chain_id, network_id)) != network_id:
            yield f"{network_id}.chain_id: {chain_id} belongs to {owner} already."


def _sentence(fault: ErrorDetails) -> str:
    """What is wrong, beginning with the network's id and the key."""
    place = [str(part) for part in fault["loc"] if part != "[key]"]
    where, key, table = ".".join(place), place[-1], _table_at(place)
    match fault["type"]:
        case "said":
            return f"{where}: {fault['msg']}"
        case "model_type" if table is None:
            return f"{where}: expected a table [{where}], got {_shown(fault['input'])}."
        case "model_type" if table is AssetTable and key not in NetworkTable.model_fields:
            return f"{where}: expected a table such as {{ decimals = 18 }}, got {_shown(fault['input'])}."
    fields = (table or NetworkTable).model_fields
    give = fields[key].description if key in fields else ""
    match fault["type"]:
        case "missing":
            return f"{where}: missing; give {give}."
        case "extra_forbidden":
            return f"{where}: unknown; the keys are {', '.join(fields)}."
    return f"{where}: {_shown(fault['input'])} is wrong; give {give}."


def _table_at(place: list[str]) -> type[_Table] | None:
    """Whose key stands there: `base.assets.USDC.peg` is one of an asset. None: a network itself."""
    match place:
        case [_]:
            return None
        case [_, "assets", _, *_]:
            return AssetTable
        case [_, "confirmations", _]:
            return ConfirmationsTable
    return NetworkTable


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
