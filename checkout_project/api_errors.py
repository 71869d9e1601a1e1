"""Every error of the API, in one shape: `{type, errors: [{code, detail, attr}]}`.

The table from a domain error to its answer is the error class itself (`code`, `status`); here it is told.
"""

from collections.abc import Iterable

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    NotAuthenticated,
    ParseError,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.response import Response

from checkout_project.errors.outage import OUTAGE, RETRY_SECONDS, in_words, is_outage
from common.api.exact_json import dumps
from common.errors import DomainError

_log = structlog.get_logger()


class _Refusal(APIException):
    """A domain error on its way out."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(error.detail, code=error.code)
        self.status_code = error.status


class _TooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = "The body is larger than this API takes."


class _CannotBeKept(APIException):
    """A value of the request that our own checks let through and the database did not."""

    status_code = 400
    default_code = "cannot_be_kept"
    default_detail = (
        "The database cannot hold a value of this request, and nothing was done. Look for a number that is very large "
        "or very fine, a time far away, or odd characters."
    )


class _Unavailable(APIException):
    status_code = 503
    default_code = "unavailable"
    wait = RETRY_SECONDS  # DRF's name for what becomes `Retry-After`


# PostgreSQL's codes (its manual, appendix A) for a value that its type cannot hold: a text too long, a number or a time
# out of range, characters that its encoding has not, text that is no value of the type.
_CANNOT_BE_KEPT = {"22001", "22003", "22008", "22021", "22P02", "22P05"}

# What DRF says where it does not say what to do instead.
_IN_OUR_WORDS: dict[type[APIException], str] = {
    NotAuthenticated: "Send the API key as `Authorization: Bearer sk_…`.",
    UnsupportedMediaType: "Send the body as `Content-Type: application/json`, in UTF-8.",
}


def _may_be_the_callers(context: ExceptionHandlerContext) -> bool:
    """Whether the request brought a value besides its address, and nothing was done before it was refused.

    One that brought none meets what we made or stored ourselves; what talks to others is in no transaction.
    """
    request, view = context["request"], context["view"]
    asked = request.META if request else {}
    has_body = "HTTP_TRANSFER_ENCODING" in asked or asked.get("CONTENT_LENGTH", "") not in {"", "0"}
    brought = has_body or bool(asked.get("QUERY_STRING"))
    return brought and getattr(view, "action", "") not in getattr(view, "answers_apart", ())


class ApiExceptionHandler(ExceptionHandler):
    """drf-standardized-errors' handler, with our domain errors known to it."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """What DRF can answer: a domain error that names a field is a validation error of that field."""
        if is_outage(exc):
            OUTAGE.noticed(exc)
            return _Unavailable(in_words(exc))
        is_value = isinstance(exc, DataError) and getattr(exc.__cause__, "sqlstate", None) in _CANNOT_BE_KEPT
        if is_value and _may_be_the_callers(self.context):
            _log.error("api.cannot_be_kept", exc_info=exc)  # a check of ours is missing
            return _CannotBeKept()
        if isinstance(exc, RequestDataTooBig):
            return _TooLarge()
        if isinstance(exc, SuspiciousOperation):
            return ParseError("The query has too many parameters, or something that is not text.")
        if isinstance(exc, APIException) and type(exc) in _IN_OUR_WORDS:
            exc.detail = ErrorDetail(_IN_OUR_WORDS[type(exc)], code=exc.default_code)
        if not isinstance(exc, DomainError):
            known: Exception = super().convert_known_exceptions(exc)
            return known
        if exc.attr is None:
            return _Refusal(exc)
        refusal = ValidationError({exc.attr: [ErrorDetail(exc.detail, code=exc.code)]})
        refusal.status_code = exc.status
        return refusal


def answer(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """DRF's hook: the answer to whatever a view raised; None lets Django show its debug page (DEBUG only)."""
    response: Response | None = ApiExceptionHandler(exc, context).run()
    if response is not None and isinstance(exc, DomainError):
        response.data["errors"][0] |= exc.about
    if response is not None:
        response["Link"] = help_with(error["code"] for error in response.data["errors"])
    return response


def help_with(codes: Iterable[str]) -> str:
    """The `Link` header that leads to what docs/errors.md says of these codes, each once."""
    return ", ".join(f'<{settings.PUBLIC_URL}/docs/errors#{code}>; rel="help"' for code in dict.fromkeys(codes))


def error_response(status: int, code: str, detail: str, *, attr: str | None = None) -> HttpResponse:
    """An error that happens outside of any view, in the same shape."""
    kind = "validation_error" if attr else "client_error"
    body = {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}
    answer = HttpResponse(dumps(body), status=status, content_type="application/json")
    answer["Link"] = help_with([code])
    return answer


@csrf_exempt
def no_such_address(_request: HttpRequest, _rest: str = "") -> HttpResponse:
    """Answers every address under /api that is none, whatever the method."""
    return error_response(404, "not_found", "There is nothing at this address. /docs/api lists what there is.")
