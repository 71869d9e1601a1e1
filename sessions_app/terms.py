"""What a shop sends to create a session: the contract's fields, each checked and named when it is wrong."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

from chains_app.networks import can_be_paid, payment_options
from common.bounded_lists import BoundedListField
from common.exact_json import dumps
from common.modes import Mode
from common.money import CURRENCIES, fits_minor_unit, minor_digits
from common.strict_serializers import (
    EmailField,
    HttpUrlField,
    MomentField,
    NumberField,
    StrictSerializer,
    TextField,
    WordField,
)

MAX_METADATA_KEYS = 50
MAX_METADATA_BYTES = 8 * 1024
# PostgreSQL writes a number out digit by digit: an exponent would come back as that many zeros.
MAX_METADATA_EXPONENT = 40
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=7)


class AmountField(NumberField):
    """An amount of money above zero; whether it fits the currency, `check_amount` says."""

    default_error_messages = {"too_small": "Must be above zero."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=20, decimal_places=4, **options)

    def to_internal_value(self, data: Any) -> Decimal:
        """The amount as Decimal."""
        amount = super().to_internal_value(data)
        if amount <= 0:
            self.fail("too_small")
        return amount


class AllowedAssetsField(BoundedListField):
    """A list of asset symbols; a bare string is read as a list of one; empty means all."""

    child = TextField(max_length=16)

    def run_validation(self, data: Any = empty) -> Any:
        """The symbols. No list is shorter than the empty one, which most shops send."""
        return [] if data == [] else super().run_validation(data)

    def to_internal_value(self, data: Any) -> list[str]:
        """The symbols, each once, in the order given."""
        given = [data] if isinstance(data, str) and data else data
        if not isinstance(given, list):
            raise ValidationError('Send a list of asset symbols, such as ["ETH", "USDC"].', code="not_a_list")
        return list(dict.fromkeys(super().to_internal_value(given)))


class MetadataField(serializers.JSONField):
    """A JSON object of the shop's own, given back in every answer and webhook."""

    def run_validation(self, data: Any = empty) -> Any:
        """The object, past DRF's look for what is none."""
        return self.to_internal_value(data) if type(data) is dict else super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The object, at most 50 names and 8 KB."""
        if not isinstance(data, dict):
            raise ValidationError("Send a JSON object: {…}.", code="not_an_object")
        if len(data) > MAX_METADATA_KEYS:
            raise ValidationError(f"At most {MAX_METADATA_KEYS} names; this has {len(data)}.", code="too_many_keys")
        for leaf in _leaves(data):
            # PostgreSQL's JSON holds neither.
            if isinstance(leaf, str) and not _can_be_stored(leaf):
                raise ValidationError("NUL characters and lone surrogates cannot be stored.", code="invalid_text")
            if isinstance(leaf, Decimal) and _is_absurd(leaf):
                raise ValidationError(f"Numbers must be below 10^{MAX_METADATA_EXPONENT}.", code="too_large")
        if len(dumps(data).encode()) > MAX_METADATA_BYTES:
            raise ValidationError(f"At most {MAX_METADATA_BYTES} bytes as JSON.", code="too_large")
        return data


class CreateSession(StrictSerializer):
    """The body of `POST /api/v1/checkout`."""

    amount = AmountField(help_text="The amount to charge, in `currency`. Example: 100")
    currency = WordField(choices=list(CURRENCIES.items()), help_text="ISO 4217 code. Example: USD")
    successUrl = HttpUrlField(
        help_text="Where the buyer is sent after paying; `session_id` is added to its query. "
        "Example: https://example.com/success"
    )
    cancelUrl = HttpUrlField(help_text="Where the buyer is sent after cancelling. Example: https://example.com/cancel")
    email = EmailField(max_length=254, help_text="The buyer's e-mail address. Example: pat@example.com")
    name = TextField(max_length=200, help_text="The buyer's name. Example: John Doe")
    metadata = MetadataField(help_text='Your own data, at most 50 names and 8 KB. Example: {"orderId": "1234567890"}')
    productId = TextField(max_length=200, help_text="Your id of what is bought. Example: 1234567890")
    productName = TextField(max_length=250, help_text="Shown to the buyer. Example: Winter box, 1 kg")
    productDescription = TextField(max_length=1000, help_text="Shown below the name. Example: Apples and pears")
    allowedAssets = AllowedAssetsField(
        max_length=50, help_text='Which assets may pay; empty: all. Example: ["ETH", "USDT", "USDC"]'
    )
    expiresAt = MomentField(
        required=False,
        help_text="5 minutes to 7 days ahead; else the merchant's setting (60 min). Example: 2030-01-31T12:00:00Z",
    )
    reference = TextField(
        required=False,
        allow_null=True,
        max_length=200,
        help_text="Your order id: at most one live session has it. Example: order-1001",
    )
    locale = serializers.RegexField(
        r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        required=False,
        max_length=16,
        error_messages={"invalid": "Send a language as BCP 47 writes it, such as de or pt-BR."},
        help_text="Language of the buyer's page, as BCP 47. Example: de",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The rules that need two fields, or the key's mode."""
        faults: dict[str, Any] = {}
        check_amount(attrs, faults)
        if end := attrs.get("expiresAt"):
            _check_end(end, faults)
        check_assets(attrs["allowedAssets"], self._mode, faults)
        if self._mode == Mode.LIVE:
            check_https(attrs, faults)
        if faults:
            raise ValidationError(faults)
        return attrs

    @cached_property
    def _mode(self) -> Mode:
        return Mode(self.context["mode"])


def check_amount(terms: dict[str, Any], faults: dict[str, Any]) -> None:
    """No finer than the currency's minor unit."""
    amount, currency = terms["amount"], terms["currency"]
    if not fits_minor_unit(amount, currency):
        digits = minor_digits(currency)
        faults["amount"] = [ErrorDetail(f"{currency} has at most {digits} decimals.", code="too_many_decimals")]


def _check_end(end: datetime, faults: dict[str, Any]) -> None:
    now = timezone.now()
    if not now + SHORTEST - timedelta(seconds=5) <= end <= now + LONGEST + timedelta(seconds=5):
        faults["expiresAt"] = [ErrorDetail("Must be 5 minutes to 7 days from now.", code="out_of_range")]


def check_assets(allowed: list[str], mode: Mode, faults: dict[str, Any]) -> None:
    """Every asset is known in the mode, and something enabled could pay."""
    if not allowed and can_be_paid(mode):
        return
    available = sorted({option.asset.symbol for option in payment_options(mode)})
    strange = [symbol for symbol in allowed if symbol not in available]
    names = ", ".join(available) or "none: no network is configured for this mode"
    if not available or (allowed and len(strange) == len(allowed)):
        message = f"Nothing enabled in {mode} mode could pay this session. Available: {names}."
        faults["allowedAssets"] = [ErrorDetail(message, code="nothing_available")]
    elif strange:
        message = f"Not available in {mode} mode: {', '.join(strange)}. Available: {names}."
        faults["allowedAssets"] = [ErrorDetail(message, code="unknown_asset")]


def check_https(
    terms: dict[str, Any], faults: dict[str, Any], *, names: Iterable[str] = ("successUrl", "cancelUrl")
) -> None:
    """Live money is not led back over plain http."""
    for name in names:
        if urlsplit(terms[name]).scheme.lower() != "https":
            faults[name] = [ErrorDetail("In live mode the URL must begin with https://.", code="not_https")]


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def _is_absurd(number: Decimal) -> bool:
    return bool(number) and abs(number.adjusted()) > MAX_METADATA_EXPONENT


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
