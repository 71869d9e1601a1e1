"""What a call leaves in memory: nothing that only the garbage collector could find, because that is found late."""

import gc
import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler

from common.exact_json import dumps
from tests.cast import Api, terms

CALLS = 20


def answered(application: WSGIHandler, method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
    """Calls it as a web server does, to the end."""
    statuses: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "PATH_INFO": f"/api/v1/{path}", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", **headers,
    }  # fmt: skip
    response = application(environ, lambda status, _headers, _error=None: statuses.append(status))  # type: ignore[arg-type, misc]
    list(response)
    response.close()
    return int(statuses[0][:3])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", ["create", "get", "list"])
def test_a_call_leaves_no_circle(api: Api, call: str) -> None:
    made = api.post("checkout", terms()).answer["id"]
    application = WSGIHandler()

    def once() -> int:
        key = {"HTTP_AUTHORIZATION": f"Bearer {api.secret}"}
        if call == "create":
            headers = key | {"HTTP_IDEMPOTENCY_KEY": str(uuid4())}
            return answered(application, "POST", "checkout", dumps(terms()).encode(), headers)
        return answered(application, "GET", f"checkout/sessions/{made}" if call == "get" else "checkout", b"", key)

    assert once() == 200
    gc.collect()
    gc.disable()
    try:
        assert [once() for _ in range(CALLS)] == [200] * CALLS
        found = gc.collect()
    finally:
        gc.enable()
    assert found < CALLS  # one circle would hold some forty objects of each call
