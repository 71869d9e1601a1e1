"""Last touches on the generated description."""

from typing import Any


def components_of_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """drf-spectacular collects the components before it looks at webhooks: so once more."""
    result["components"] = generator.registry.build({})
    return result


def examples_of_parameters(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """A parameter's example stands beside its schema, where readers of OpenAPI look for it."""
    for path in result["paths"].values():
        for call in path.values():
            for parameter in call.get("parameters", []):
                if examples := parameter["schema"].pop("examples", None):
                    parameter["example"] = examples[0]
    return result


# Name → what it says, its type, an example. On every answer but where `headers_of_answers` says otherwise.
_HEADERS = {
    "Request-Id": ("Of this request, in logs and on the dashboard's Requests page.", "string", "req_01h455vb4pex5v"),
    "RateLimit-Limit": ("Requests a minute, by the nearer of the limits per key and per address.", "integer", 6000),
    "RateLimit-Remaining": ("How many of them are left.", "integer", 5999),
    "RateLimit-Reset": ("Seconds until they are counted anew.", "integer", 42),
    "Total-Count": ("With `total=true`: how many pass the filters, over all pages.", "integer", 120),
    "Retry-After": ("Seconds to wait before the next try.", "integer", 42),
    "Help": (
        "Where docs say more: a `Link` with `rel=help` for each code of the errors.",
        "string",
        '<https://pay.example/docs/errors#required>; rel="help"',
    ),
    "Idempotent-Replayed": ("`true`: this Idempotency-Key was answered before, and so again.", "string", "true"),
}
_SOMETIMES = {"Retry-After", "Idempotent-Replayed", "Total-Count", "Help"}


def headers_of_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """What the headers of the answers mean: written once, referred to by each answer."""
    result["components"]["headers"] = {
        name: {"description": meaning, "schema": {"type": kind}, "example": example}
        for name, (meaning, kind, example) in _HEADERS.items()
    }
    for path in result["paths"].values():
        for call in path.values():
            is_post = any(each["name"] == "Idempotency-Key" for each in call.get("parameters", []))
            for status, answer in call["responses"].items():
                names = [name for name in _HEADERS if name not in _SOMETIMES]
                names += ["Retry-After"] if status == "429" else []
                counts = any(each["name"] == "total" for each in call.get("parameters", []))
                names += ["Total-Count"] if counts and status == "200" else []
                names += ["Idempotent-Replayed"] if is_post and status.startswith("2") else []
                headers = answer.setdefault("headers", {})
                headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in names}
                if status.startswith("4"):
                    headers["Link"] = {"$ref": "#/components/headers/Help"}
    return result


def scopes_in_words(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """Each call says which scope its key needs, for those who read the description."""
    for path in result["paths"].values():
        for call in path.values():
            (scope,) = call["security"][0]["bearer"]
            call["description"] = f"{call.get('description', '')} Needs a key with the scope `{scope}`.".strip()
    return result


_TAGS = {
    "Account": "Whose key it is, and whether all is ready.",
    "Checkout": "Sessions: things to be paid, and what is odd about them.",
    "Customers": "Who bought.",
    "Events": "What happened, in order.",
    "Payment links": "Offers that many can pay.",
    "Payment options": "What can be paid with.",
    "Refunds": "Money back to buyers.",
    "Sandbox": "The clock of test mode.",
    "Webhook endpoints": "Who is told.",
    "Webhooks": "The messages themselves.",
}


def open_and_complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """What strict readers of OpenAPI ask for: tags explained, messages named and without a key of ours, kinds of events
    open to new ones, and scopes beside the schemes, which are no OAuth's."""
    result["tags"] = [{"name": name, "description": what} for name, what in _TAGS.items()]
    for path in result["paths"].values():
        for call in path.values():
            call["x-scope"] = call["security"][0]["bearer"][0]
            call["security"] = [{name: [] for name in each} for each in call["security"]]
    for kind, message in result["webhooks"].items():
        for call in message.values():
            call["security"] = []
            call["operationId"] = "on_" + kind.replace(".", "_")
    kinds = result["components"]["schemas"]["EventType"]
    kinds["anyOf"] = [{"enum": kinds.pop("enum")}, {"type": "string"}]
    kinds["description"] += " More may come: pass by those that you do not know."
    return result
