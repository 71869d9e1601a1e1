"""What every resource of the API stands on: whose request it is, by which key, how often, how it ended."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.response import Response
from typing_extensions import override

from common.exact_json import dumps
from common.own_headers import set_own_headers
from merchants_app import request_log
from merchants_app.api_authentication import claimed_digest
from merchants_app.api_dispatch import ApiRequest, LeanViewSet
from merchants_app.api_keys import remembered_key
from merchants_app.idempotency import Answer, answer_once
from merchants_app.models import ApiKey, KeyScope
from merchants_app.throttling import Allowance, TooManyRequests, count_request


def json_answer(value: Any) -> HttpResponse:
    """The value as JSON, without the renderer that DRF's `Response` goes through: for calls that are made most."""
    return HttpResponse(dumps(value), content_type="application/json")


def lead_on(response: HttpResponse, request: ApiRequest, query: Mapping[str, object]) -> None:
    """Tells in `Link` where the next page is: at the same path, with this query."""
    response["Link"] = f'<{settings.PUBLIC_URL}{request.path}?{urlencode(query)}>; rel="next"'


class MerchantViewSet(LeanViewSet):
    """A resource of the API. A method of a subclass parses, calls one rule, answers; it catches nothing.

    Here stands what all have in common: the key and its scope, rate limits, `Idempotency-Key`, the request log.
    Those named in `answers_apart` talk to others and must hold no transaction open meanwhile.
    `scopes` names for each action the scope that a key needs for it.
    A method may have a twin `…_at_once(request, claim)` that does the same and stores its answer in one statement.
    """

    request: ApiRequest
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]
    post: Callable[..., HttpResponseBase]  # set by the router, where the resource takes POST
    allowance: Allowance | None = None
    scopes: ClassVar[Mapping[str, KeyScope]]
    answers_apart: ClassVar[frozenset[str]] = frozenset()

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answers, and notes how long it took and how it ended."""
        started = time.perf_counter()
        if request.method == "POST" and "HTTP_IDEMPOTENCY_KEY" in request.META and hasattr(self, "post"):
            self.post = partial(self._answer_once, self.post)
        response = super().dispatch(request, *args, **kwargs)
        if response.status_code == MethodNotAllowed.status_code:
            response["Allow"] = ", ".join(method.upper() for method in self.action_map)
        if self.allowance:
            set_own_headers(response, self.allowance.headers)
        self._log(response, milliseconds=(time.perf_counter() - started) * 1000)
        return response

    @override
    def perform_authentication(self, request: ApiRequest) -> None:  # type: ignore[override]
        """Counts the request before its key is looked up, so that a guesser is slowed."""
        try:
            self.allowance = count_request(request._request, claimed_digest(request))
        except TooManyRequests as refusal:
            self.allowance = refusal.allowance
            raise
        super().perform_authentication(request)

    def _answer_once(
        self, handler: Callable[..., HttpResponseBase], request: ApiRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        def act() -> Answer:
            response = cast("Response", handler(request, *args, **kwargs))
            return Answer(response.status_code, b"" if response.data is None else dumps(response.data).encode())

        at_once = getattr(self, f"{handler.__name__}_at_once", None)
        answer = answer_once(
            key=request.auth,
            idempotency_key=request.META["HTTP_IDEMPOTENCY_KEY"],
            method=str(request.method),
            path=request.path,
            body=request._request.body,
            act=act,
            act_at_once=partial(at_once, request) if at_once else None,
            in_one=handler.__name__ not in self.answers_apart,
        )
        told = HttpResponse(answer.body, status=answer.status_code, content_type="application/json")
        if not answer.body:
            del told["Content-Type"]
        if answer.replayed:
            told["Idempotent-Replayed"] = "true"
        return told

    def _log(self, response: HttpResponseBase, *, milliseconds: float) -> None:
        key: ApiKey | None = self.request.auth
        if response.status_code == TooManyRequests.status_code:
            key = remembered_key(claimed_digest(self.request))  # nobody asked the database whose it is
        if key is None:
            return  # a request of nobody is nobody's to see
        request_log.collect(
            key=key,
            request_id=self.request.request_id,
            method=str(self.request.method),
            path=self.request.path,
            status_code=response.status_code,
            duration_ms=milliseconds,
            error_code=_error_code(response),
        )


def _error_code(response: HttpResponseBase) -> str:
    data = getattr(response, "data", None)
    if response.status_code < 400 or not isinstance(data, dict):
        return ""
    return str(next((error["code"] for error in data.get("errors", [])), ""))
