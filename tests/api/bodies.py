"""Generated request bodies: right ones with one or more parts gone wrong, and bytes that are hardly JSON."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.cast import terms

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
_GOOD = json.loads(json.dumps(terms(), default=float))
_FIELDS = [*_GOOD, "expiresAt", "reference", "locale"]


@st.composite
def wrong_terms(draw: st.DrawFn) -> dict[str, Any]:
    """A create call with one to three fields replaced, taken out, or added."""
    body = dict(_GOOD)
    for name in draw(st.lists(st.sampled_from(_FIELDS) | _TEXT, min_size=1, max_size=3)):
        if name in body and draw(st.booleans()):
            del body[name]
        else:
            body[name] = draw(ANYTHING)
    return body


def as_json(value: Any) -> bytes:
    """As a careless client would write it: NaN and lone surrogates included."""
    return json.dumps(value, ensure_ascii=True).encode()


@st.composite
def broken_json(draw: st.DrawFn) -> bytes:
    """A right body with some bytes changed, doubled or cut off, perhaps in another encoding."""
    good = json.dumps(_GOOD, ensure_ascii=False).encode(
        draw(st.sampled_from(["utf-8", "utf-16", "utf-32", "utf-8-sig"]))
    )
    at = draw(st.integers(0, len(good)))
    return good[:at] + draw(st.binary(max_size=6)) + good[draw(st.integers(at, len(good))) :]


def deep(draw_depth: int) -> bytes:
    """Nesting."""
    return b'{"metadata":' + b'{"a":' * draw_depth + b"1" + b"}" * draw_depth + b"}"


BODIES = (
    wrong_terms().map(as_json)
    | ANYTHING.map(as_json)
    | broken_json()
    | st.binary(max_size=60)
    | st.integers(1, 2000).map(deep)
)
