"""Reads the networks from TOML and names everything that is wrong with them, by network and key."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from django.core.exceptions import ImproperlyConfigured
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from chains_app.networks.kinds import (
    SAID,
    Address,
    Amount,
    Blocks,
    Border,
    Name,
    NetworkId,
    Pair,
    Symbol,
    Token,
    WebAddress,
    shown,
)
from common.api.faults import Faults

BUILT_IN = Path(__file__).with_name("networks.toml")


class NetworksFileError(ImproperlyConfigured):
    """The networks cannot be used as they are written; `problems` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The networks cannot be used as they are written. " + " ".join(problems))
        self.problems = problems


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
            raise PydanticCustomError(SAID, sentence)
        return self


class SignedTransfersTable(_Table):
    """The domain that a token's signed transfers (EIP-3009) are signed for: what its contract calls itself."""

    name: Name = Field(description="the name that the contract was given, such as 'USD Coin'")
    version: Name = Field(description="the version that the contract was given, such as '2'")


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
    eip3009: SignedTransfersTable | None = Field(None, description="{ name = …, version = … }")

    @model_validator(mode="after")
    def fit_together(self) -> Self:
        """No more digits shown than there are, no minimum above the maximum."""
        faults = Faults()
        if self.display_decimals is not None and self.display_decimals > self.decimals:
            sentence = f"{self.display_decimals} is more than the asset's {self.decimals} decimals."
            faults.add("display_decimals", SAID, sentence)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            faults.add("minimum", SAID, f"{self.minimum} is more than the maximum, {self.maximum}.")
        if self.eip3009 and self.contract is None:
            faults.add("eip3009", SAID, "a network's own coin has no contract that takes signed transfers.")
        faults.tell()
        return self


def _apart(assets: dict[str, AssetTable]) -> dict[str, AssetTable]:
    """At least one, each with a contract of its own, one at most without."""
    if not assets:
        raise PydanticCustomError(SAID, "empty; a network without an asset cannot be paid on.")
    faults = Faults()
    natives = [symbol for symbol, asset in assets.items() if asset.contract is None]
    for symbol in natives[1:]:
        sentence = f"missing; {natives[0]} is the network's own asset already."
        faults.add(f"{symbol}.contract", SAID, sentence)
    owners: dict[str, str] = {}
    for symbol, asset in assets.items():
        if asset.contract and (owner := owners.setdefault(asset.contract, symbol)) != symbol:
            faults.add(f"{symbol}.contract", SAID, f"{asset.contract} is {owner}'s already.")
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
    explorer: WebAddress | None = Field(None, description="an http(s) URL")
    assets: Annotated[dict[Symbol, AssetTable], AfterValidator(_apart)] = Field(description="a table of assets")
    coin_logs_from: Border = Field(None, description="the number of a block, or 'not yet'")
    feeds: dict[Pair, Address] = Field({}, description="a table of price feeds")
    public_rpc_urls: list[WebAddress] = Field([], description="a list of http(s) URLs that anybody may see")
    paymaster: WebAddress | None = Field(None, description="an http(s) URL that anybody may see")

    @model_validator(mode="after")
    def is_one_chain(self) -> Self:
        """Two chains may have the same name, never the same number."""
        if self.kind == "evm" and self.chain_id is None:
            faults = Faults()
            faults.add("chain_id", SAID, "missing; give the network's EIP-155 chain id.")
            faults.tell()
        return self


_NETWORKS = TypeAdapter(dict[NetworkId, NetworkTable])

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
            return f"{where}: expected a table [{where}], got {shown(fault['input'])}."
        case "model_type" if table is AssetTable and key not in NetworkTable.model_fields:
            return f"{where}: expected a table such as {{ decimals = 18 }}, got {shown(fault['input'])}."
    fields = (table or NetworkTable).model_fields
    give = fields[key].description if key in fields else ""
    match fault["type"]:
        case "missing":
            return f"{where}: missing; give {give}."
        case "extra_forbidden":
            return f"{where}: unknown; the keys are {', '.join(fields)}."
    return f"{where}: {shown(fault['input'])} is wrong; give {give}."


def _table_at(place: list[str]) -> type[_Table] | None:
    """Whose key stands there: `base.assets.USDC.peg` is one of an asset. None: a network itself."""
    match place:
        case [_]:
            return None
        case [_, "assets", _, "eip3009", _]:
            return SignedTransfersTable
        case [_, "assets", _, *_]:
            return AssetTable
        case [_, "confirmations", _]:
            return ConfirmationsTable
    return NetworkTable
