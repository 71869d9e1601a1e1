"""How calls are described: shared parameters, and in few words what a call takes and answers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from checkout_project.openapi.errors import errors

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$", "examples": ["order-1001"]},
    OpenApiParameter.HEADER,
    description="A value of your own: the same request sent again with it is answered, but not done, again (24 h).",
)
NEXT_PAGE = OpenApiParameter(
    "Link", str, OpenApiParameter.HEADER, response=[200], description='The next page: `<URL>; rel="next"`.'
)
DONE = OpenApiResponse(description="Done, or it was so already. No content.")


def thing_id(what: str, prefix: str, *, name: str = "id") -> OpenApiParameter:
    """The id in the address."""
    kind = {"type": "string", "examples": [f"{prefix}_01h455vb4pex5vsknk084sn02q"]}
    return OpenApiParameter(name, kind, OpenApiParameter.PATH, description=f"Id of the {what}.")


def get(name: str, summary: str, answer: Any, *parameters: Any, tag: str) -> Any:
    """A call that looks. Generated clients call it by its name."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        parameters=list(parameters),
        responses={200: answer} | errors(),
        tags=[tag],
    )


def post(name: str, summary: str, body: Any, answers: dict[int, Any], *parameters: Any, tag: str) -> Any:
    """A call that does something, once for each Idempotency-Key."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        parameters=[IDEMPOTENCY_KEY, *parameters],
        request=body,
        responses=answers | errors(409, 413, 415, 422),
        tags=[tag],
    )


def change(name: str, summary: str, body: Any, answers: dict[int, Any], *parameters: Any, tag: str) -> Any:
    """A PUT, PATCH or DELETE: harmless to repeat, so without Idempotency-Key."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        parameters=list(parameters),
        request=body,
        responses=answers | errors(409, 413, 415),
        tags=[tag],
    )


def copy_of(view: Any) -> Any:
    """A copy of the view set to hang descriptions on."""
    return type(view.__name__, (view,), {"__module__": view.__module__, "__doc__": view.__doc__})
