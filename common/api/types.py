"""What requests of the API are made of: base classes and the kinds of value that they have in common.

A class of a body says what is taken, names every fault (`faults.py`), and is what OpenAPI describes. JSON has types, so
a number sent as text is a mistake worth telling, not one to guess about.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    Strict,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from common.api.faults import NotAnObject, repeated, told
from common.api.left_out import LeftOut, left_out_by_null, take_null

__all__ = ["LeftOut"]  # with the other kinds

# A name (one label is enough: `http://shop:3000` inside a private network), an IPv4 or an IPv6 address.
_HOST = re.compile(r"[\w\-]+(\.[\w\-]+)*\.?|[0-9a-f:.]+")
_NEVER_IN_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")
# No `format: uri` beside it: addresses with letters beyond ASCII are taken too.
_URL = r"^[hH][tT][tT][pP][sS]?://[^\s@/?#\\]+([/?#][^\s\\]*)?$"


# Under this name a kind of value says what is added to the description of each field of it.
NOTE = "x-note"


def _only_what_tells(schema: JsonSchemaValue, of: type[BaseModel]) -> None:
    """Without titles, which repeat the names, and without null as the default of what cannot be null."""
    schema.pop("title", None)
    leave_out = left_out_by_null(of) if issubclass(of, Body) and not issubclass(of, Query) else ()
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if field.get("default", ...) is None or "const" in field:
            field.pop("default", None)
        match field.get("anyOf"):
            case [{"type": str(kind)} as told, {"type": "null"}]:
                del field["anyOf"]
                field |= told | field | {"type": [kind, "null"]}
        if note := field.pop(NOTE, ""):
            field["description"] = f"{field['description']} {note}"
        if name in leave_out:
            take_null(field)


class ApiType(BaseModel):
    """`snake_case` in Python, `camelCase` on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, frozen=True, json_schema_extra=_only_what_tells
    )


class Body(ApiType):
    """A request's body. Usage: `terms = CreateSession.parse(request.data)`."""

    model_config = ConfigDict(extra="forbid", validate_by_name=False, validate_by_alias=True)

    @classmethod
    def parse(cls, data: Any, **context: Any) -> Self:
        """The checked values. Raises ValidationError (400) naming each field at fault, or NotAnObject.

        `context` is what rules need beside the body, such as the mode.
        """
        if not isinstance(data, Mapping):
            raise NotAnObject
        null = [name for name in left_out_by_null(cls) if data.get(name, ...) is None]
        given = {name: value for name, value in data.items() if name not in null} if null else data
        try:
            return cls.model_validate(given, context=context)
        except ValidationError as error:
            known = [field.alias or name for name, field in cls.model_fields.items()]
            raise told(error, known=known, data=data) from None

    def given(self) -> dict[str, Any]:
        """What was sent, by name; what was left out is not in it."""
        return self.model_dump(exclude_unset=True)


class Nothing(Body):
    """Of a call that takes none: whoever sends something believes that it does."""


class Query(Body):
    """A URL's query, whose values are all text."""

    @classmethod
    def parse_query(cls, query: QueryDict) -> Self:
        """The checked values. Raises ValidationError (400) naming each parameter at fault."""
        if twice := next((name for name in query if len(query.getlist(name)) > 1), None):
            raise repeated(twice)
        return cls.parse(query.dict())


# --- text


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `most` letters as it was sent, then trimmed, and not empty.

    Usage: `name: Annotated[str, Text(200)]`.
    """

    most: int | None = None
    least: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        sent = core_schema.str_schema(strict=True, max_length=self.most)
        kept = core_schema.str_schema(strip_whitespace=True, min_length=self.least or None)
        return core_schema.no_info_after_validator_function(_storable, core_schema.chain_schema([sent, kept]))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        lengths = {"minLength": self.least or None, "maxLength": self.most}
        return {"type": "string", **{name: length for name, length in lengths.items() if length is not None}}


def _storable(text: str) -> str:
    # PostgreSQL holds no NUL. Half a character, which it holds neither, is no text to pydantic.
    if "\0" in text:
        raise PydanticCustomError("null_characters_not_allowed", "Null characters are not allowed.")
    return text


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text of one form. Usage: `Annotated[str, Text(16), Pattern(r"^[a-z]+$", "Send small letters.")]`."""

    regex: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        known = re.compile(self.regex)

        def check(text: str) -> str:
            # `$` alone would let a line break pass at the end.
            if not known.fullmatch(text):
                raise PydanticCustomError("invalid", self.sentence)
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": self.regex}


_FAULTS_OF_URLS = {
    "not_a_url": "Send an absolute URL, such as https://shop.example/thanks.",
    "wrong_scheme": "The URL must begin with https:// (or http://).",
    "credentials": "The URL must not contain a user name or password.",
}


def _http_url(url: str) -> str:
    if fault := _fault_of_url(url):
        raise PydanticCustomError(fault, _FAULTS_OF_URLS[fault])
    return url


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


# Absolute, http or https, without credentials. Whether plain http will do is the rule's affair.
HttpUrl = Annotated[
    str,
    Text(2000),
    AfterValidator(_http_url),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 2000, "pattern": _URL}),
]

# --- numbers, times


WholeNumber = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]


def _moment(value: object) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) and len(value) <= 40 else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("overflow", "Datetime value out of range.") from None
    except ValueError:
        pass
    # Without its offset nobody knows when it is.
    raise PydanticCustomError("invalid", "Send a time with its offset, such as 2030-01-31T12:00:00Z.")


Moment = Annotated[datetime, PlainValidator(_moment, json_schema_input_type=datetime)]
