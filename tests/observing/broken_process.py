"""A process that breaks in each way that is told elsewhere, on personal data and secrets, and then ends.

Run by `test_elsewhere.py`, with a database that has no tables.
"""

import sys

from checkout_project.start import read_settings

read_settings()

from checkout_project.observing.elsewhere import tell_elsewhere  # noqa: E402

tell_elsewhere("web")

import django  # noqa: E402

django.setup()

import httpx  # noqa: E402
import structlog  # noqa: E402
from django.test import Client  # noqa: E402

from checkout_project.celery import app  # noqa: E402


@app.task(name="tests.breaks_elsewhere")
def breaks(buyer: str) -> None:
    raise ValueError(f"{buyer} is not to be told")


TOKEN = "pg_3f8k2m9x7c1vb5nq0wzt4r6hdj"
CLIENT = Client(
    raise_request_exception=False,
    headers={
        "User-Agent": "Pat's own browser",
        "X-Forwarded-For": "203.0.113.77",
        "Authorization": "Bearer sk_live_key",
        "Traceparent": f"00-{'5c' * 16}-{'5c' * 8}-01",
        "Baggage": "theirs=5c5c",
    },
)

CLIENT.get(f"/pay/{TOKEN}?email=pat@example.com")
CLIENT.post("/api/v1/checkout", data='{"email": "pat@example.com"}', content_type="application/json")
httpx.get(f"{sys.argv[1]}/v3/rpc-secret-key?apikey=rpc-secret-key")
breaks.apply(args=["pat@example.com"])
structlog.get_logger().error("odd.line", email="pat@example.com", session_id="cs_1")

if "opentelemetry" in sys.modules:
    from opentelemetry import trace

    trace.get_tracer_provider().shutdown()  # type: ignore[attr-defined]
if "sentry_sdk" in sys.modules:
    import sentry_sdk

    sentry_sdk.flush(5)
