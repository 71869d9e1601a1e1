"""Texts about people: names that can be seen, e-mail addresses as they are given out today, languages."""

import re
import unicodedata
from typing import Annotated

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from common.api.types import Text
from common.email_addresses import refuse_unwritable

# Letters and symbols by their class, and blank all the same.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Mn", "Zl", "Zp", "Zs"}


def _visible(text: str) -> str:
    """Empty, or with something to be seen."""
    if text and not any(unicodedata.category(each) not in _UNSEEN and each not in _BLANK for each in text):
        raise PydanticCustomError("blank", "This field has no visible letter.")
    return text


# What a buyer is shown: `Annotated[str, Text(200), Visible]`.
Visible = AfterValidator(_visible)


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    # Mailboxes may have letters of any alphabet (RFC 6531); else the rules are the same.
    plain = "".join("x" if not letter.isascii() and letter.isprintable() else letter for letter in local)
    try:
        validate_email(f"{plain}{at}{domain}")
        refuse_unwritable(text)
    except DjangoValidationError:
        raise PydanticCustomError("invalid", "Send an e-mail address, such as pat@example.com.") from None
    return text


# Empty where none is known.
EmailIfAny = Annotated[
    str,
    Text(254, least=0),
    AfterValidator(lambda text: _email(text) if text else text),
    WithJsonSchema({"type": "string", "maxLength": 254, "pattern": r"^\s*([^@]+@[^@]+)?\s*$"}),
]

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?:[-_.@].*)?", re.DOTALL)


def _language(value: object) -> str | None:
    """As BCP 47 writes it; None for what says none. A language never stops a sale."""
    found = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    language, script, region = found.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


# `de`, `pt_BR`, `de_DE_formal`: whatever a shop has; None where it says none. Anything is taken, so no type is said.
Language = Annotated[str | None, PlainValidator(_language), WithJsonSchema({})]
