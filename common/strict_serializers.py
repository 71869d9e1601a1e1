"""Serializers for requests that name every fault: unknown fields, wrong types, text a database cannot hold.

JSON has types, so a number sent as text is a mistake worth telling, not one to guess about.
"""

import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, ClassVar, Self, cast
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import EmailValidator, MaxLengthValidator, ProhibitNullCharactersValidator
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import SkipField, empty, get_error_detail
from rest_framework.serializers import as_serializer_error
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from common.exact_json import MAX_NUMBER_LENGTH

# A name (one label is enough: `http://shop:3000` inside a private network), an IPv4 or an IPv6 address.
_HOST = re.compile(r"[\w\-]+(\.[\w\-]+)*\.?|[0-9a-f:.]+")
_NEVER_IN_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")
# What passes all rules that any text, or any address, goes through; most do.
_PLAIN_TEXT = re.compile(r"[\x01-\x7f]+")
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([a-z0-9]{1,63}\.)+[a-z]{2,63}")
# As many as the reader of JSON lets through: nothing is rounded.
_ALL_DIGITS = Context(prec=MAX_NUMBER_LENGTH)
_UNKNOWN = "This field is not known here. Known are: {known}."


class StrictSerializer(serializers.Serializer[Any]):
    """A request's body or query. Usage: `terms = CreateSession.parse(request.data)`."""

    @classmethod
    def parse(cls, data: Any, **context: Any) -> dict[str, Any]:
        """The checked values by field name. Raises ValidationError (400) naming each field at fault.

        `context` is what `validate` needs beside the body: few distinct values, such as the mode, because one
        instance is kept for each (building the fields anew costs more than checking them).
        """
        if type(data) is not dict and not isinstance(data, Mapping):
            message = "Send a JSON object: {…}."
            raise ValidationError({"non_field_errors": [ErrorDetail(message, code="not_an_object")]})
        return cls._shared(**context).run_validation(data)

    @classmethod
    def parse_query(cls, query: QueryDict) -> dict[str, Any]:
        """The same for a URL's query, whose values are all text: use DRF's own number fields there."""
        if twice := next((name for name in query if len(query.getlist(name)) > 1), None):
            message = "Send this parameter once."
            raise ValidationError({_printable(twice): [ErrorDetail(message, code="repeated")]})
        return cls.parse(query.dict())

    @classmethod
    @lru_cache(maxsize=64)
    def _shared(cls, **context: Any) -> Self:
        return cls(context=context)

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        """The fields' values, then what `validate` says of them together."""
        values = self.to_internal_value(data)
        try:
            return cast("dict[str, Any]", self.validate(values))
        except ValidationError as error:
            raise ValidationError(as_serializer_error(error)) from None

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields' values; what is unknown is told together with what is wrong."""
        values: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for name, checks, may_be_absent in self._checks:
            value = data.get(name, empty)
            if value is empty and may_be_absent:
                continue
            try:
                for check in checks:
                    value = check(value)
                values[name] = value
            except SkipField:
                pass
            except ValidationError as error:
                faults[name] = error.detail
            except DjangoValidationError as error:
                faults[name] = get_error_detail(error)
        if not data.keys() <= self._known.keys():
            faults |= self._unknown(data)
        if faults:
            raise ValidationError(faults)
        return values

    @cached_property
    def _checks(self) -> list[tuple[str, list[Callable[[Any], Any]], bool]]:
        """By field: its own check, and `validate_<field>` where there is one, and whether it may be left out.

        DRF would look for all that each time.
        """
        fields = {name: field for name, field in self.fields.items() if not field.read_only}
        return [
            (
                name,
                [field.run_validation, *filter(None, [getattr(self, f"validate_{name}", None)])],
                not field.required and field.default is empty,
            )
            for name, field in fields.items()
        ]

    @cached_property
    def _known(self) -> dict[str, None]:
        return dict.fromkeys(name for name, _, _ in self._checks)

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        strange = data.keys() - self._known.keys()
        message = _UNKNOWN.format(known=", ".join(self._known))
        return {
            _printable(name): [ErrorDetail(message, code="unknown_field")]
            for name in [name for name in data if name in strange][:20]
        }


class TextField(serializers.CharField):
    """Text, as text: no numbers, no booleans, nothing that PostgreSQL cannot hold (NUL, lone surrogates)."""

    default_error_messages = {"invalid": "Send text, in quotes."}
    plain = _PLAIN_TEXT
    # What plain text is known to pass.
    usual_rules: ClassVar[tuple[type, ...]] = (
        MaxLengthValidator,
        ProhibitNullCharactersValidator,
        ProhibitSurrogateCharactersValidator,
    )

    def run_validation(self, data: Any = empty) -> Any:
        """The text. Short ASCII without NUL, as most text is, passes all rules that every text goes through."""
        if type(data) is str and self._has_no_rules_of_its_own:
            text = data.strip() if self.trim_whitespace else data
            if len(text) <= self._most and self.plain.fullmatch(text):
                return self.to_internal_value(text) if self._has_more_to_say else text
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        """The text, trimmed."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data.strip() if self.trim_whitespace else data

    @cached_property
    def _has_more_to_say(self) -> bool:
        return type(self).to_internal_value is not TextField.to_internal_value

    @cached_property
    def _has_no_rules_of_its_own(self) -> bool:
        return all(isinstance(rule, self.usual_rules) for rule in self.validators)

    @cached_property
    def _most(self) -> int:
        return sys.maxsize if self.max_length is None else self.max_length


class EmailField(serializers.EmailField, TextField):
    """An e-mail address."""

    default_error_messages = {"invalid": "Send an e-mail address, such as pat@example.com."}
    plain = _PLAIN_EMAIL
    usual_rules = (*TextField.usual_rules, EmailValidator)


class HttpUrlField(TextField):
    """An absolute http or https URL without credentials. Whether plain http will do is the rule's affair."""

    default_error_messages = {
        "not_a_url": "Send an absolute URL, such as https://shop.example/thanks.",
        "wrong_scheme": "The URL must begin with https:// (or http://).",
        "credentials": "The URL must not contain a user name or password.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": 2000} | options))

    def to_internal_value(self, data: Any) -> str:
        """The URL as it was sent."""
        url = super().to_internal_value(data)
        if fault := _fault_of_url(url):
            self.fail(fault)
        return url


class NumberField(serializers.DecimalField):
    """A JSON number, kept exact. Text and booleans are refused."""

    default_error_messages = {"invalid": "Send a number, without quotes."}

    def run_validation(self, data: Any = empty) -> Any:
        """The number. DRF would write it as text, to see whether that is empty."""
        if type(data) is int or type(data) is Decimal:
            number = self.to_internal_value(data)
            self.run_validators(number)
            return number
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Decimal:
        """The number as Decimal. It counts what it is, not with how many zeros or which exponent it was written."""
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            self.fail("invalid")
        number = data.normalize(_ALL_DIGITS) if isinstance(data, Decimal) else Decimal(data)
        return self.quantize(self.validate_precision(number))


class WholeNumberField(serializers.IntegerField):
    """A JSON number without a fraction."""

    default_error_messages = {"invalid": "Send a whole number, without quotes."}

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class YesNoField(serializers.BooleanField):
    """true or false, nothing that only looks like it."""

    default_error_messages = {"invalid": "Send true or false, without quotes."}

    def to_internal_value(self, data: Any) -> bool:
        """The value."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class MomentField(serializers.DateTimeField):
    """A time in ISO 8601 with its offset: without one nobody knows when it is."""

    default_error_messages = {"invalid": "Send a time with its offset, such as 2030-01-31T12:00:00Z."}

    def to_internal_value(self, value: Any) -> datetime:
        """The time, in UTC."""
        try:
            moment = parse_datetime(value) if isinstance(value, str) and len(value) <= 40 else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail("invalid", format="")
        return self.enforce_timezone(moment)


class WordField(serializers.ChoiceField):
    """One word of a fixed list."""

    default_error_messages = {"invalid_choice": "Must be one of: {allowed}."}

    def run_validation(self, data: Any = empty) -> Any:
        """The word."""
        return data if type(data) is str and data in self._words else super().run_validation(data)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset() if self.validators else frozenset(self.choices)

    def to_internal_value(self, data: Any) -> str:
        """The word."""
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", allowed=", ".join(str(word) for word in self.choices))
        return data


@lru_cache(maxsize=1024)
def _fault_of_url(url: str) -> str | None:
    """The fault's code; None for a good one. A shop sends the same few again and again."""
    if url.partition(":")[0].lower() not in {"http", "https"}:
        return "wrong_scheme"
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "not_a_url"
    if "@" in parts.netloc:
        return "credentials"
    if not (has_port and _HOST.fullmatch(parts.hostname or "")) or _NEVER_IN_URL.search(url):
        return "not_a_url"
    return None


def _printable(name: object) -> str:
    """A field name fit to be told back: short, and without what JSON or a terminal would choke on."""
    text = str(name)[:80].encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text) or '""'
