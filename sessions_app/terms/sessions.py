"""What a shop sends to create a session: the contract's fields, each checked and named when it is wrong."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from django.utils import timezone
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chains_app.networks.networks import can_be_paid, known_symbol, payment_options
from common.api.amounts import Amount, CurrencyCode, check_amount
from common.api.exact_json import dumps, has_half_characters
from common.api.faults import Faults
from common.api.texts import EmailIfAny, Language, Visible
from common.api.types import Body, HttpUrl, LeftOut, Moment, Text, YesNo
from common.modes import Mode
from sessions_app.selling.creation import SessionTerms

MAX_METADATA_KEYS = 50
MAX_METADATA_BYTES = 8 * 1024
# PostgreSQL writes a number out digit by digit: an exponent would come back as that many zeros, of zero too.
MAX_METADATA_EXPONENT = 40
_WRONG_EXPONENT = f"A number's exponent is beyond ±{MAX_METADATA_EXPONENT}: send it as text."
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=7)


def _listed(value: object) -> object:
    """The symbols; a bare string is read as a list of one."""
    given = [value] if isinstance(value, str) and value else value
    if given is not None and not isinstance(given, list):
        raise PydanticCustomError("not_a_list", 'Send a list of asset symbols, such as ["ETH", "USDC"].')
    return given


def _each_once(symbols: list[str]) -> list[str]:
    return list(dict.fromkeys(known_symbol(symbol) for symbol in symbols))


_SYMBOL = {"type": "string", "minLength": 1, "maxLength": 16}
# Asset symbols in any case of letters, each once, in the order given; empty means all.
AllowedAssets = Annotated[
    list[Annotated[str, Text(16)]],
    Field(max_length=50),
    BeforeValidator(_listed),
    AfterValidator(_each_once),
    WithJsonSchema({"anyOf": [{"type": "array", "items": _SYMBOL, "maxItems": 50}, _SYMBOL]}),
]


def _metadata(value: object) -> dict[str, Any]:
    """The object, at most 50 names and 8 KB."""
    if not isinstance(value, dict):
        raise PydanticCustomError("not_an_object", "Send a JSON object: {…}.")
    if len(value) > MAX_METADATA_KEYS:
        raise PydanticCustomError("too_many_keys", f"At most {MAX_METADATA_KEYS} names; this has {len(value)}.")
    for leaf in _leaves(value):
        # PostgreSQL's JSON holds neither.
        if isinstance(leaf, str) and ("\0" in leaf or has_half_characters(leaf)):
            raise PydanticCustomError("invalid_text", "NUL characters and lone surrogates cannot be stored.")
        if isinstance(leaf, Decimal) and abs(leaf.adjusted()) > MAX_METADATA_EXPONENT:
            raise PydanticCustomError("too_large", _WRONG_EXPONENT)
    if len(dumps(value).encode()) > MAX_METADATA_BYTES:
        raise PydanticCustomError("too_large", f"At most {MAX_METADATA_BYTES} bytes as JSON.")
    return value


# A JSON object of the shop's own, given back in every answer and webhook.
Metadata = Annotated[
    dict[str, Any],
    PlainValidator(_metadata),
    WithJsonSchema({"type": "object", "additionalProperties": True, "maxProperties": MAX_METADATA_KEYS}),
]


# The page cuts what it has no room for: no sale fails because of a long text.
Name = Annotated[str, Text(500, least=0), Visible]
ProductName = Annotated[str, Text(2000), Visible]
ProductDescription = Annotated[str, Text(10_000, least=0)]


class OnConflict(StrEnum):
    """What happens when a live session has the reference on other terms."""

    REFUSE = "refuse"
    SUPERSEDE = "supersede"


class CreateSession(Body):
    """The body of `POST /api/v1/checkout`."""

    amount: Amount = Field(
        description="The amount to charge, in `currency`: a number, or its digits as text.", examples=[100]
    )
    currency: CurrencyCode = Field(description="ISO 4217 code, in any case of letters.", examples=["USD"])
    success_url: HttpUrl = Field(
        description="Where the buyer is sent after paying; `session_id` is added to its query.",
        examples=["https://example.com/success"],
    )
    cancel_url: HttpUrl = Field(
        description="Where the buyer is sent after cancelling.", examples=["https://example.com/cancel"]
    )
    email: EmailIfAny = Field(
        description="The buyer's e-mail address; empty where you have none.", examples=["pat@example.com"]
    )
    name: Name = Field(description="The buyer's name; empty where you have none.", examples=["John Doe"])
    metadata: Metadata = Field(
        description="Your own data, at most 50 names and 8 KB.", examples=[{"orderId": "1234567890"}]
    )
    product_id: Annotated[str, Text(500, least=0)] = Field(
        description="Your id of what is bought; may be empty.", examples=["1234567890"]
    )
    product_name: ProductName = Field(
        description="Shown to the buyer, as far as there is room.", examples=["Winter box, 1 kg"]
    )
    product_description: ProductDescription = Field(
        description="Shown below the name, as far as there is room; may be empty.", examples=["Apples and pears"]
    )
    allowed_assets: AllowedAssets = Field(
        description="Which assets may pay; empty: all.", examples=[["ETH", "USDT", "USDC"]]
    )
    expires_at: LeftOut[Moment] = Field(
        None,
        description="5 minutes to 7 days ahead; else the merchant's setting (60 min).",
        examples=["2030-01-31T12:00:00Z"],
    )
    reference: Annotated[str, Text(200)] | None = Field(
        None, description="Your order id: at most one live session has it.", examples=["order-1001"]
    )
    locale: Language = Field(
        None,
        description="Language of the buyer's page, such as `de` or `pt_BR`; what says none counts as left out.",
        examples=["de"],
    )
    allow_pay_again: LeftOut[YesNo] = Field(
        None,
        description="Whether the buyer may pay again when the time is over or they cancelled: a new session on the "
        "same terms `supersedes` this one, and `checkout.created` tells you. Left out: the business's setting (off).",
        examples=[True],
    )
    on_conflict: OnConflict = Field(
        OnConflict.REFUSE,
        description="When a live session has the `reference` on other terms: `refuse` (409), or `supersede`, which "
        "ends it for this one unless money was seen for it.",
        examples=["supersede"],
    )
    allow_repeat: YesNo = Field(
        False, description="Sell once more what a session of the `reference` has paid.", examples=[False]
    )

    def agreed(self) -> SessionTerms:
        """What the session is made on."""
        return SessionTerms(**{name: value for name, value in self if name not in _ABOUT_OTHERS})

    @model_validator(mode="after")
    def together(self, info: ValidationInfo) -> Self:
        """The rules that need two fields, or the key's mode."""
        mode, faults = mode_of(info), Faults()
        check_amount(self.amount, self.currency, faults)
        if self.expires_at:
            _check_end(self.expires_at, faults)
        check_assets(self.allowed_assets, mode, faults)
        if mode == Mode.LIVE:
            check_https({"successUrl": self.success_url, "cancelUrl": self.cancel_url}, faults)
        faults.tell()
        return self


_ABOUT_OTHERS = frozenset({"on_conflict", "allow_repeat"})


class ChangeSession(Body):
    """The body of `PATCH /api/v1/checkout/{id}`: what is left out stays."""

    success_url: LeftOut[HttpUrl] = Field(
        None, description="Where the buyer is sent after paying.", examples=["https://example.com/success"]
    )
    cancel_url: LeftOut[HttpUrl] = Field(
        None, description="Where the buyer is sent after cancelling.", examples=["https://example.com/cancel"]
    )
    email: LeftOut[EmailIfAny] = Field(None, description="The buyer's e-mail address.", examples=["pat@example.com"])
    name: LeftOut[Name] = Field(None, description="The buyer's name.", examples=["John Doe"])
    metadata: LeftOut[Metadata] = Field(
        None, description="Replaces all of it.", examples=[{"orderId": "1234567890", "note": "gift"}]
    )
    product_name: LeftOut[ProductName] = Field(None, description="Shown to the buyer.", examples=["Winter box, 1 kg"])
    product_description: LeftOut[ProductDescription] = Field(
        None, description="Shown below the name.", examples=["Apples and pears"]
    )

    @model_validator(mode="after")
    def together(self, info: ValidationInfo) -> Self:
        """The rules that need the key's mode."""
        faults, urls = Faults(), {"successUrl": self.success_url, "cancelUrl": self.cancel_url}
        if mode_of(info) == Mode.LIVE:
            check_https({name: url for name, url in urls.items() if url}, faults)
        faults.tell()
        return self


def mode_of(info: ValidationInfo) -> Mode:
    """The key's, which was given to `parse`."""
    return Mode((info.context or {})["mode"])


def _check_end(end: datetime, faults: Faults) -> None:
    now = timezone.now()
    if not now + SHORTEST - timedelta(seconds=5) <= end <= now + LONGEST + timedelta(seconds=5):
        faults.add("expiresAt", "out_of_range", "Must be 5 minutes to 7 days from now.")


def check_assets(allowed: list[str], mode: Mode, faults: Faults) -> None:
    """Every asset is known in the mode, and something enabled could pay."""
    if not allowed and can_be_paid(mode):
        return
    available = sorted({option.asset.symbol for option in payment_options(mode)})
    strange = [symbol for symbol in allowed if symbol not in available]
    names = ", ".join(available) or "none: no network is configured for this mode"
    if not available or (allowed and len(strange) == len(allowed)):
        message = f"Nothing enabled in {mode} mode could pay this session. Available: {names}."
        faults.add("allowedAssets", "nothing_available", message)
    elif strange:
        message = f"Not available in {mode} mode: {', '.join(strange)}. Available: {names}."
        faults.add("allowedAssets", "unknown_asset", message)


def check_https(urls: Mapping[str, str], faults: Faults) -> None:
    """Live money is not led back over plain http."""
    for name, url in urls.items():
        if urlsplit(url).scheme.lower() != "https":
            faults.add(name, "not_https", "In live mode the URL must begin with https://.")


def _leaves(value: Any) -> list[Any]:
    """Every name and every value that holds no others."""
    found: list[Any] = []
    parts = [value]
    for part in parts:  # which grows meanwhile
        if isinstance(part, dict):
            found += part
            parts += part.values()
        elif isinstance(part, list):
            parts += part
        else:
            found.append(part)
    return found
