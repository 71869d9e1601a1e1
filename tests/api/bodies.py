"""Generated request bodies: right ones with one or more parts gone wrong, and bytes that are hardly JSON."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

# Everything JSON can say, and some that only looks like it.
_TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(["", " ", "\x00", "\ud800", "NaN", "1e9", "null", "ﷺ"])
_NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, -1, 10**30, -(10**50), 1e308, 5e-324, True, False])
    | st.integers(-(10**70), 10**70)
)
_SCALARS = st.none() | _TEXT | _NUMBERS
ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4), max_leaves=12
)


@dataclass(frozen=True)
class WritingCall:
    """A POST, PUT or PATCH as it is described, with a body made of the examples."""

    name: str
    method: str
    path: str
    good: dict[str, Any]


def writing_calls(schema: dict[str, Any]) -> list[WritingCall]:
    """All there are."""
    return [
        WritingCall(call["operationId"], method, path, _examples(call, schema))
        for path, calls in schema["paths"].items()
        for method, call in calls.items()
        if method in {"post", "put", "patch"}
    ]


def _examples(call: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" not in call:
        return {}
    component = call["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = schema["components"]["schemas"][component]["properties"]
    return {name: field["examples"][0] for name, field in fields.items()}


@st.composite
def wrong_parts(draw: st.DrawFn, good: dict[str, Any]) -> dict[str, Any]:
    """One to three fields replaced, taken out, or added."""
    body = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(good)) | _TEXT if good else _TEXT, min_size=1, max_size=3)):
        if name in body and draw(st.booleans()):
            del body[name]
        else:
            body[name] = draw(ANYTHING)
    return body


def as_json(value: Any) -> bytes:
    """As a careless client would write it: NaN and lone surrogates included."""
    return json.dumps(value, ensure_ascii=True).encode()


@st.composite
def broken_json(draw: st.DrawFn, good: dict[str, Any]) -> bytes:
    """A right body with some bytes changed, doubled or cut off, perhaps in another encoding."""
    text = json.dumps(good, ensure_ascii=False).encode(
        draw(st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-8-sig"]))
    )
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.binary(max_size=6)) + text[draw(st.integers(at, len(text))) :]


def deep(draw_depth: int) -> bytes:
    """Nesting."""
    return b'{"metadata":' + b'{"a":' * draw_depth + b"1" + b"}" * draw_depth + b"}"


def bodies(good: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """For a call that takes such a body."""
    return (
        wrong_parts(good).map(as_json)
        | ANYTHING.map(as_json)
        | broken_json(good)
        | st.binary(max_size=60)
        | st.integers(1, 2000).map(deep)
    )
