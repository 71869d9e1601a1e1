"""Kinds of value in the file of networks, each with the sentence that says what is wrong with another one."""

import re
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from eth_utils.address import is_checksum_address, to_checksum_address
from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from chains_app.networks.coins import COINS_AS_TOKENS

# What our own rules say, in whole sentences; of everything else it is told what to give instead.
SAID = "said"

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_FEED = re.compile(r"[A-Z0-9]{2,12}/[A-Z]{3}")
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def _network_id(text: str) -> str:
    if len(text) > 32 or not _ID.fullmatch(text):
        raise PydanticCustomError(SAID, "an id is at most 32 small letters, digits and single hyphens.")
    return text


def _symbol(text: str) -> str:
    if not _SYMBOL.fullmatch(text):
        raise PydanticCustomError(SAID, "a symbol is 2 to 12 capital letters and digits, such as USDC.")
    return text


def _pair(text: str) -> str:
    if not _FEED.fullmatch(text):
        raise PydanticCustomError(SAID, "name a feed by its pair, such as 'ETH/USD'.")
    return text


def _address(value: object) -> str:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError(SAID, f"{shown(value)} is no address; give 0x and 40 hex digits.")
    if int(value, 16) == 0:
        raise PydanticCustomError(SAID, "the zero address is no contract.")
    if not is_checksum_address(value):
        raise PydanticCustomError(
            SAID,
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
            SAID,
            f"{address} is the network's own coin, which would count twice; list it as the coin, without a contract.",
        )
    return address


def shown(value: object) -> str:
    """The value as a sentence may quote it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


NetworkId = Annotated[str, AfterValidator(_network_id)]
Symbol = Annotated[str, AfterValidator(_symbol)]
Pair = Annotated[str, AfterValidator(_pair)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Border = Annotated[int | None, PlainValidator(_border)]
Address = Annotated[str, PlainValidator(_address)]
Token = Annotated[str, PlainValidator(_token)]
Amount = Annotated[Decimal, PlainValidator(_amount)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
Blocks = Annotated[int, Field(ge=1, le=100_000)]
