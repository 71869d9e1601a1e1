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
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from common.api.exact_json import dumps
from merchants_app.frame.api_authentication import claimed_digest
from merchants_app.frame.api_request import ApiRequest, OnlyJson
from merchants_app.frame.throttling import Allowance, TooManyRequests, count_request
from merchants_app.keys.api_keys import remembered_key
from merchants_app.models import ApiKey, KeyScope
from merchants_app.requests import log
from merchants_app.requests.idempotency import Answer, Claim, answer_once


def json_answer(value: Any) -> HttpResponse:
    """The value as JSON, without the renderer that DRF's `Response` goes through: for calls that are made most."""
    return HttpResponse(dumps(value), content_type="application/json")


def lead_on(response: HttpResponse, request: ApiRequest, query: Mapping[str, object]) -> None:
    """Says in `Link` where the next page is: at the same path, with this query."""
    response["Link"] = f'<{settings.PUBLIC_URL}{request.path}?{urlencode(query)}>; rel="next"'


AtOnce = Callable[[ApiRequest, Claim], Answer | None]
Anew = Callable[[ApiRequest, bytes], bytes]


class MerchantViewSet(ViewSet):
    """A resource of the API. A method of a subclass parses, calls one rule, answers; it catches nothing.

    Here stands what all have in common: the key and its scope, rate limits, `Idempotency-Key`, the request log.
    `scopes` names for each action the scope that a key needs for it.
    Those named in `answers_apart` talk to others and must hold no transaction open meanwhile.
    `asks_before` has for an action what asks others beforehand for what it then only looks up: for one that is done in
    the transaction of its `Idempotency-Key` and must be.
    `answers_at_once` has for an action what does the same for a request with an `Idempotency-Key`, and stores its
    answer in the statement that does it.
    `answers_anew` has for an action what makes of the first answer what is answered to the same request sent again,
    where the thing may have become another since.
    `found_elsewhere` has for a method what is said where an address does not take it, if there is more to say.
    """

    request: ApiRequest
    content_negotiation_class = OnlyJson
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]
    scopes: ClassVar[Mapping[str, KeyScope]]
    answers_apart: ClassVar[frozenset[str]] = frozenset()
    asks_before: ClassVar[Mapping[str, Callable[[ApiRequest], None]]] = {}
    answers_at_once: ClassVar[Mapping[str, AtOnce]] = {}
    answers_anew: ClassVar[Mapping[str, Anew]] = {}
    found_elsewhere: ClassVar[Mapping[str, str]] = {}
    key: ApiKey | None = None  # once it is known whose request it is
    allowance: Allowance | None = None

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answers, by DRF's steps, and notes how long it took and how it ended."""
        started = time.perf_counter()
        for method in self.action_map:
            # DRF hangs the actions on this very object by their methods' names: a circle that keeps the request, with
            # all that belongs to it, until Python looks for garbage.
            delattr(self, method)
        self.headers: dict[str, str] = {}
        self.request = call = self.initialize_request(request, *args, **kwargs)
        try:
            self.initial(call, *args, **kwargs)
            response = self._act(call, *args, **kwargs)
        except Exception as error:  # noqa: BLE001  (as DRF does: what it cannot answer, `handle_exception` raises again)
            response = self.handle_exception(error)
        response = self.finalize_response(call, response, *args, **kwargs)
        if response.status_code == MethodNotAllowed.status_code:
            response["Allow"] = ", ".join(method.upper() for method in self.action_map)
        if self.allowance:
            for name, value in self.allowance.headers.items():
                response[name] = value
        self._log(response, milliseconds=(time.perf_counter() - started) * 1000)
        return response

    @override
    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        """The request with its merchant, mode, key and actor."""
        self.action = self.action_map.get(str(request.method).lower(), "")
        return ApiRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
        )

    @override
    def perform_authentication(self, request: ApiRequest) -> None:  # type: ignore[override]
        """Counts the request before its key is looked up, so that a guesser is slowed."""
        try:
            self.allowance = count_request(request, claimed_digest(request))
        except TooManyRequests as refusal:
            self.allowance = refusal.allowance
            raise
        super().perform_authentication(request)
        self.key = cast("ApiKey | None", request.auth)

    def _act(self, request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
        if not self.action:
            raise MethodNotAllowed(str(request.method), self.found_elsewhere.get(str(request.method)))
        handler = partial(getattr(self, self.action), request, *args, **kwargs)
        if request.method == "POST" and "HTTP_IDEMPOTENCY_KEY" in request.META:
            return self._answer_once(request, self.action, handler)
        if before := self.asks_before.get(self.action):
            before(request)
        return handler()

    def _answer_once(self, request: ApiRequest, action: str, handler: Callable[[], Any]) -> HttpResponse:
        def act() -> Answer:
            response = handler()
            return Answer(response.status_code, b"" if response.data is None else dumps(response.data).encode())

        at_once, before = self.answers_at_once.get(action), self.asks_before.get(action)
        answer = answer_once(
            key=request.key,
            idempotency_key=request.META["HTTP_IDEMPOTENCY_KEY"],
            method=str(request.method),
            path=request.path,
            body=request.body,
            act=act,
            before=partial(before, request) if before else None,
            act_at_once=partial(at_once, request) if at_once else None,
            in_one=action not in self.answers_apart,
        )
        body = answer.body
        if answer.replayed and action in self.answers_anew:
            body = self.answers_anew[action](request, body)
        told = HttpResponse(body, status=answer.status_code, content_type="application/json")
        if not answer.body:
            del told["Content-Type"]
        if answer.replayed:
            told["Idempotent-Replayed"] = "true"
        return told

    def _log(self, response: HttpResponseBase, *, milliseconds: float) -> None:
        key = self.key
        if response.status_code == TooManyRequests.status_code:
            key = remembered_key(claimed_digest(self.request))  # nobody asked the database whose it is
        if key is None:
            return  # a request of nobody is nobody's to see
        log.collect(
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
