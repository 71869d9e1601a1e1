"""What is wrong with a body, in our words: pydantic finds all faults at once, here they become codes and sentences."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError

from common.api.exact_json import has_half_characters, printable

_MOST_UNKNOWN = 20
# pydantic's word for a fault → our code, our sentence. What is neither here nor pydantic's, a rule of ours has said.
_WORDS = {
    "missing": ("required", "This field is required."),
    "string_type": ("invalid", "Send text, in quotes."),
    "string_unicode": ("surrogate_characters_not_allowed", "Surrogate characters are not allowed: U+{half:X}."),
    "string_too_short": ("blank", "This field may not be blank."),
    "string_too_long": ("max_length", "Ensure this field has no more than {max_length} characters."),
    "enum": ("invalid_choice", "Must be one of: {expected}."),
    "bool_type": ("invalid", "Send true or false, without quotes."),
    "bool_parsing": ("invalid", "Send true or false."),
    "int_type": ("invalid", "Send a whole number, without quotes."),
    "int_parsing": ("invalid", "A valid integer is required."),
    "int_from_float": ("invalid", "A valid integer is required."),
    "int_parsing_size": ("invalid", "A valid integer is required."),
    "decimal_parsing": ("invalid", "A valid number is required."),
    "decimal_max_digits": ("max_digits", "Ensure that there are no more than {max_digits} digits in total."),
    "decimal_max_places": ("max_decimal_places", "Ensure that there are no more than {decimal_places} decimal places."),
    "decimal_whole_digits": (
        "max_whole_digits",
        "Ensure that there are no more than {whole_digits} digits before the decimal point.",
    ),
    "greater_than_equal": ("min_value", "Ensure this value is greater than or equal to {ge}."),
    "less_than_equal": ("max_value", "Ensure this value is less than or equal to {le}."),
    "list_type": ("not_a_list", 'Expected a list of items but got type "{kind}".'),
    "dict_type": ("not_a_dict", 'Send an object of text: {{"X-Token": "…"}}.'),
    "too_long": ("max_length", "At most {max_length} elements; this has {actual_length}."),
}
_PYDANTICS = frozenset(get_args(ErrorType))


class Faults:
    """What rules find that look at several fields, or at more than the body, to be told all at once."""

    def __init__(self) -> None:
        self._found: list[InitErrorDetails] = []

    def add(self, field: str, code: str, sentence: str) -> None:
        """One more. `field` is named as it is sent."""
        error = PydanticCustomError(code, sentence)
        self._found.append(InitErrorDetails(type=error, loc=(field,), input=...))

    def tell(self) -> None:
        """Raises ValidationError if there are any. For a model's last validator."""
        if self._found:
            raise PydanticError.from_exception_data("", self._found)


class NotAnObject(APIException):
    """The body is a list, a number, a text: no field is at fault."""

    status_code = 400
    default_code = "not_an_object"
    default_detail = "Send a JSON object: {…}."


def repeated(name: str) -> ValidationError:
    """Of a query that has a parameter twice."""
    return ValidationError({printable(name): [ErrorDetail("Send this parameter once.", code="repeated")]})


def told(error: PydanticError, *, known: Iterable[str], data: Mapping[str, Any]) -> ValidationError:
    """All that pydantic found, by field; of unknown ones, which are told which ones are known, the first few."""
    details: dict[int | str, Any] = {}
    message = f"This field is not known here. Known are: {', '.join(known) or 'none'}."
    unknown = [name for name in data if has_half_characters(name)]  # pydantic then looks at nothing else
    for fault in error.errors(include_url=False):
        if fault["type"] == "extra_forbidden":
            unknown.append(str(fault["loc"][-1]))
        elif fault["loc"]:
            _put(details, fault["loc"], _in_our_words(fault))
    for name in unknown[:_MOST_UNKNOWN]:
        details[printable(name)] = [ErrorDetail(message, code="unknown_field")]
    return ValidationError(details)  # type: ignore[arg-type]  # the elements of a list are told by number


def _put(details: dict[int | str, Any], where: tuple[int | str, ...], detail: ErrorDetail) -> None:
    """At its place, as DRF nests faults: an element of a list under its number."""
    *above, last = [part if isinstance(part, int) else printable(part) for part in where]
    for part in above:
        details = details.setdefault(part, {})
    details.setdefault(last, []).append(detail)


def _in_our_words(fault: ErrorDetails) -> ErrorDetail:
    if fault["input"] is None:
        return ErrorDetail("This field may not be null.", code="null")
    if fault["type"] not in _WORDS:
        # A word of pydantic's is no code of ours: it may become another with any version.
        return ErrorDetail(fault["msg"], code="invalid" if fault["type"] in _PYDANTICS else fault["type"])
    code, sentence = _WORDS[fault["type"]]
    context = {"kind": type(fault["input"]).__name__, **fault.get("ctx", {})}
    if fault["type"] == "string_unicode":
        context["half"] = ord(next(letter for letter in fault["input"] if "\ud800" <= letter <= "\udfff"))
    if "expected" in context:  # 'open', 'expired' or 'cancelled'
        context["expected"] = context["expected"].replace("'", "").replace(" or ", ", ")
    return ErrorDetail(sentence.format(**context), code=code)
