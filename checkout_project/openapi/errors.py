"""The errors of the API, described: one shape, and which statuses a call can answer."""

from enum import StrEnum

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from pydantic import ConfigDict, Field

from common.api.answer_types import Answer
from common.api.types import LeftOut
from sessions_app.status import Action, PaymentStatus, Status

# Status → what it means here. docs/errors.md says the same in more words.
MEANINGS = {
    400: "A field is missing, wrong, unknown or too long; `attr` names it.",
    401: "No API key, an unknown one, a revoked one, or one whose time is over.",
    403: "The key lacks the scope that the call names, or the call came by plain http.",
    404: "There is no such thing for this key: also for another merchant's or the other mode's id.",
    409: "Its state forbids this now, or the same Idempotency-Key is still running.",
    413: "The body is larger than 64 KB.",
    415: "The body is not `application/json` in UTF-8.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests: try again after `Retry-After` seconds.",
}
_EXAMPLES = {
    400: ("validation_error", "unknown_field", "This field is not known here. Known are: …", "amout"),
    401: ("client_error", "invalid_api_key", "This API key does not exist or was revoked. …", None),
    403: ("client_error", "missing_scope", "This API key lacks the scope 'write'. Make one that has it.", None),
    404: ("validation_error", "not_found", "There is no session 'cs_…' for this key.", "id"),
    409: ("client_error", "session_not_open", "This session is completed.", None),
    413: ("client_error", "body_too_large", "The body is larger than 65536 bytes.", None),
    415: ("client_error", "unsupported_media_type", "Unsupported media type …", None),
    422: ("validation_error", "idempotency_key_reused", "This Idempotency-Key was used …", "Idempotency-Key"),
    429: ("client_error", "rate_limited", "More than 6000 requests in a minute from this API key.", None),
}


class OneError(Answer):
    """One thing that is wrong. The last three stand only where a session is what is in the way."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: str = Field(description="Stable word for programs; docs/errors.md lists them.", examples=["required"])
    detail: str = Field(description="A sentence for people.", examples=["This field is required."])
    attr: str | None = Field(
        description="The field at fault, nested with dots; null: the request as a whole.", examples=["email"]
    )
    session_id: LeftOut[str] = Field(
        None, description="The session that is in the way.", examples=["cs_01h455vb4pex5vsknk084sn02q"]
    )
    session_status: LeftOut[Status] = Field(None, description="Where it is.", examples=["open"])
    payment_status: LeftOut[PaymentStatus] = Field(
        None, description="How much of its price is there.", examples=["unpaid"]
    )
    actions: LeftOut[list[Action]] = Field(
        None, description="What can be done, the most likely first; docs/errors.md says how.", examples=[["reuse"]]
    )


class ErrorType(StrEnum):
    """Who is at fault: what was sent, how or when, or this server."""

    VALIDATION_ERROR = "validation_error"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"


class Error(Answer):
    """What went wrong."""

    type: ErrorType = Field(description="Whose fault.", examples=["validation_error"])
    errors: list[OneError] = Field(description="All that is wrong, not only the first.")


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """The answers of a call that are errors; those that any call can give are among them always."""
    return {status: _described(status) for status in sorted({*statuses, 400, 401, 403, 404, 429})}


def _described(status: int) -> OpenApiResponse:
    kind, code, detail, attr = _EXAMPLES[status]
    body = {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}
    return OpenApiResponse(Error, description=MEANINGS[status], examples=[OpenApiExample(code, value=body)])
