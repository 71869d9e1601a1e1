"""What a call leaves in memory: nothing that only the garbage collector could find, because that is found late."""

import gc
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import RequestFactory

from common.api.exact_json import dumps
from tests.cast import Api, terms

CALLS = 20


def answered(application: WSGIHandler, request: WSGIRequest) -> int:
    """Calls it as a web server does, to the end."""
    statuses: list[str] = []
    response = application(request.environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type, misc]
    list(response)
    response.close()
    return int(statuses[0][:3])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", ["create", "get", "list"])
def test_a_call_leaves_no_circle(api: Api, call: str) -> None:
    made = api.post("checkout", terms()).answer["id"]
    application, factory = WSGIHandler(), RequestFactory()

    def once() -> int:
        key = {"Authorization": f"Bearer {api.secret}"}
        if call == "create":
            headers = key | {"Idempotency-Key": str(uuid4())}
            request = factory.post("/api/v1/checkout", dumps(terms()), "application/json", headers=headers)
        else:
            path = f"checkout/sessions/{made}" if call == "get" else "checkout"
            request = factory.get(f"/api/v1/{path}", headers=key)
        return answered(application, request)

    def left() -> int:
        gc.collect()
        gc.disable()
        try:
            assert [once() for _ in range(CALLS)] == [200] * CALLS
            return gc.collect()
        finally:
            gc.enable()

    assert once() == 200
    # One circle would hold some forty objects of each call. What a second brings (lines of the log are written) is not
    # of the calls: it comes once and not each time.
    assert min(left(), left(), left()) < CALLS
