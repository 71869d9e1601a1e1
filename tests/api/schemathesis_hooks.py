"""What a schema cannot say: which generated sessions make sense. Wrong data stays as wrong as it was generated."""

from itertools import count
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

_numbers = count()


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Makes a well-formed create call one that can succeed, and a well-formed key one that was not used before."""
    if case.method == "POST" and case.path.endswith("/checkout") and _is_right(case, ParameterLocation.BODY):
        body: Any = case.body
        body |= {"amount": 49, "currency": "USD", "email": "pat@example.com", "allowedAssets": []}
        body.pop("expiresAt", None)
        body.pop("locale", None)
    if case.headers and "Idempotency-Key" in case.headers and _is_right(case, ParameterLocation.HEADER):
        # What is generated is mostly alike, so nearly every call would be told that another had this key: 422.
        case.headers["Idempotency-Key"] = f"{next(_numbers)}{case.headers['Idempotency-Key']}"[:255]
    return case


def _is_right(case: schemathesis.Case, part: ParameterLocation) -> bool:
    made = case.meta and case.meta.components.get(part)
    return bool(made) and made.mode == GenerationMode.POSITIVE
