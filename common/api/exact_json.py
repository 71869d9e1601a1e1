"""JSON whose numbers are exact: read as Decimal, written digit by digit, never through a binary float."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from pydantic import BaseModel

MAX_DEPTH = 20
MAX_NUMBER_LENGTH = 60
# Far more than money needs, far less than PostgreSQL's numbers hold. Of zero, too, which it writes out as well.
MAX_EXPONENT = 400
_WRONG_EXPONENT = f"A number's exponent is beyond ±{MAX_EXPONENT}: send it as text."


class WrongJson(ValueError):
    """The text is no JSON that we take; the message says where and why, in words for whoever sent it."""


def _number(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_LENGTH:
        raise WrongJson(f"A number has more than {MAX_NUMBER_LENGTH} characters: round it, or send it as text.")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise WrongJson(_WRONG_EXPONENT) from None
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise WrongJson(_WRONG_EXPONENT)
    return number


def _whole(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        _number(text)  # which refuses it
    return int(text)


def _constant(text: str) -> None:
    raise WrongJson(f"{text} is not JSON: send a number or null.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Counted in one pass: a body may hold thousands of names.
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise WrongJson(f"The name '{printable(twice)}' stands twice in one object: send it once.")
    return found


class ExactDecoder(json.JSONDecoder):
    """Reads fractions as Decimal. For `JSONField(decoder=…)` and for requests."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class ExactEncoder(json.JSONEncoder):
    """Writes Decimal as a JSON number. For `JSONField(encoder=…)`."""

    def encode(self, o: Any) -> str:
        """The value's text, as `dumps` gives it."""
        return dumps(o)


# Reads text of our own, which is bound by no limit for requests: `dumps` may write a number longer than it was sent.
loads_own = ExactDecoder().decode


def loads_strict(text: str) -> Any:
    """Reads others' text. Raises WrongJson for NaN, repeated names, deep nesting, absurd numbers."""
    # Counting all brackets is quick and settles nearly every body; only a suspicious one is read by letters.
    if text.count("[") + text.count("{") > MAX_DEPTH and (place := _too_deep(text)) is not None:
        raise WrongJson(f"The JSON is nested more than {MAX_DEPTH} levels deep at character {place + 1}.")
    try:
        return _STRICT.decode(text)
    except WrongJson as error:
        raise WrongJson(_first_fault(text) or str(error)) from None
    except json.JSONDecodeError as error:
        raise WrongJson(f"Not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None


def _first_fault(text: str) -> str:
    """What is refused, behind the names that lead to it; empty when the text cannot be read to its end.

    A hook of the decoder is not told where it is called. So what is refused is read again, with the faults left in it.
    """
    try:
        return next(_faults(_NOTING.decode(text)), "")
    except json.JSONDecodeError:
        return ""


def _faults(value: Any, *names: str) -> Iterator[str]:
    match value:
        case WrongJson():
            yield f"{'.'.join(names)}: {value}" if names else str(value)
        case dict():
            for name, part in value.items():
                yield from _faults(part, *names, printable(name))
        case list():
            for place, part in enumerate(value):
                yield from _faults(part, *names, str(place))


def _noting(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, with what it raises as its result."""

    def noting(given: Any) -> Any:
        try:
            return hook(given)
        except WrongJson as fault:
            return fault

    return noting


# Made once: for small values, making a decoder or an encoder costs more than using it.
_STRICT = json.JSONDecoder(parse_float=_number, parse_int=_whole, parse_constant=_constant, object_pairs_hook=_object)
_NOTING = json.JSONDecoder(
    parse_float=_noting(_number), parse_int=_noting(_whole), parse_constant=_noting(_constant),
    object_pairs_hook=_noting(_object),
)  # fmt: skip
# What no JSON of ours holds is refused, not guessed.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def dumps(value: Any) -> str:
    """Compact text; the same value always gives the same text, so a signature holds at every retry."""
    return _written(value, _OPTIONS)


def pretty(value: Any) -> str:
    """The same for people, in lines."""
    return _written(value, _OPTIONS | orjson.OPT_INDENT_2)


def _written(value: Any, options: int) -> str:
    try:
        return orjson.dumps(value, _plainer, options).decode()
    except TypeError:  # a whole number beyond 64 bits, half a character, or no JSON at all
        return orjson.dumps(_with_odd_ones_written(value), _plainer, options).decode()


def _plainer(value: Any) -> Any:
    """A Decimal digit by digit, one of our typed answers as its fields."""
    if type(value) is Decimal:
        return orjson.Fragment(str(value))
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError


def _with_odd_ones_written(value: Any) -> Any:
    """What orjson refuses as text already, to be put in as it is."""
    match value:
        case BaseModel():
            return _with_odd_ones_written(value.model_dump())
        case dict():
            return {name: _with_odd_ones_written(part) for name, part in value.items()}
        case list() | tuple():
            return [_with_odd_ones_written(part) for part in value]
        case int() if not -(2**63) <= value < 2**64:
            return orjson.Fragment(str(value))
        case str() if has_half_characters(value):
            return orjson.Fragment(json.dumps(value))  # escaped, which JSON allows
    return value


def has_half_characters(text: str) -> bool:
    """Whether it holds lone surrogates: JSON can escape them, but neither UTF-8 nor PostgreSQL holds them."""
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def printable(name: object) -> str:
    """A field name fit to be repeated in an answer: short, and without what JSON or a terminal would choke on."""
    text = str(name)[:80].encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text) or '""'


def _too_deep(text: str) -> int | None:
    """Where brackets nest too deep; None when they do not. Brackets inside strings do not count."""
    depth = 0
    inside = escaped = False
    for place, character in enumerate(text):
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return place
        elif character in "]}":
            depth -= 1
    return None
