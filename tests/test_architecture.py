"""The shape of the project, as far as import-linter (pyproject.toml: the line of apps) cannot say it."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.source_tree import SourceTree, circles, manager_uses, session_locks, status_writes, trespasses

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300
ONE_WRITER = "sessions_app.lifecycle"


def circular_imports(tree: SourceTree) -> list[str]:
    """No two modules need each other, not even inside a function or for types."""
    return [" <-> ".join(group) for group in circles(tree.imports)]


def imported_doors(tree: SourceTree) -> list[str]:
    """Nobody imports a door but the urls that mount it: a rule must be callable from any door, and knows none."""
    return [
        f"{name}:{line} imports the door {target}"
        for name, targets in tree.imports.items()
        for target, line in targets.items()
        if tree.modules[target].is_door and not name.endswith(".urls") and not _frames(name)
    ]


def _frames(name: str) -> bool:
    """The API's description reads the doors it describes."""
    return name.startswith("checkout_project.openapi.")


def other_writers_of_status(tree: SourceTree) -> list[str]:
    """Only lifecycle.py writes a session's status or locks a session."""
    return [
        f"{name}:{line} {what}"
        for name, module in tree.modules.items()
        if module.app in {"sessions_app", "checkout_project"} and name != ONE_WRITER
        for what, finder in (("writes a session's status", status_writes), ("locks a session", session_locks))
        for line in finder(module.tree)
    ]


def doors_with_managers(tree: SourceTree) -> list[str]:
    """A door reaches rows from a scope (`merchants_app.scope`), never from a model's manager, which filters nothing."""
    return [
        f"{name}:{line} reaches for a model's manager"
        for name, module in tree.modules.items()
        if (module.is_door or ".templatetags." in name) and not name.endswith(".admin")
        for line in manager_uses(module.tree)
    ]


def too_long_files(tree: SourceTree) -> list[str]:
    """A file fits in a reader's head."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in tree.measured_files()}
    return [f"{path.relative_to(tree.root)}: {n} lines" for path, n in lengths.items() if n > LONGEST_FILE]


def touched_privates(tree: SourceTree) -> list[str]:
    """Nobody, tests neither, touches what is private to others: a library changes that unannounced."""
    parsed = {
        path.relative_to(tree.root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in tree.python_files()
    }
    return [
        f"{name}:{line} touches {private}" for name, module in parsed.items() for line, private in trespasses(module)
    ]


RULES = [
    circular_imports,
    imported_doors,
    doors_with_managers,
    other_writers_of_status,
    too_long_files,
    touched_privates,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps(rule: Callable[[SourceTree], list[str]]) -> None:
    assert rule(SourceTree(ROOT)) == []


BAD: list[tuple[Callable[[SourceTree], list[str]], dict[str, str]]] = [
    (circular_imports, {"common/a.py": "from common.b import x", "common/b.py": "def f():\n    from . import a"}),
    (
        circular_imports,
        {"common/a.py": "import common.b", "common/b.py": "import common.c", "common/c.py": "from common import a"},
    ),
    (imported_doors, {"sessions_app/rule.py": "from sessions_app.tasks import t", "sessions_app/tasks.py": "t = 1"}),
    (imported_doors, {"sessions_app/a_views.py": "from sessions_app import b_views", "sessions_app/b_views.py": ""}),
    (doors_with_managers, {"sessions_app/a_views.py": "def f(request):\n    return Refund.objects.all()"}),
    (doors_with_managers, {"sessions_app/a_pages.py": "def f(request):\n    return getattr(Refund, 'objects').all()"}),
    (doors_with_managers, {"sessions_app/templatetags/a.py": "def f():\n    return Refund._default_manager.count()"}),
    (other_writers_of_status, {"sessions_app/expiry.py": "def f(session):\n    session.status = 'expired'"}),
    (other_writers_of_status, {"sessions_app/expiry.py": "def f(s):\n    old, s.status = s.status, 'expired'"}),
    (other_writers_of_status, {"sessions_app/expiry.py": "def f(s):\n    setattr(s, 'payment_status', 'paid')"}),
    (other_writers_of_status, {"sessions_app/expiry.py": "def f(q):\n    q.filter(pk=1).update(status='expired')"}),
    (other_writers_of_status, {"sessions_app/expiry.py": "def f(q, rows):\n    q.bulk_update(rows, ['issue'])"}),
    (other_writers_of_status, {"sessions_app/payments.py": "def f(q):\n    q.select_for_update().get(pk=1)"}),
    (other_writers_of_status, {"sessions_app/a.py": "CheckoutSession.objects.filter(pk=1).select_for_update()"}),
    (too_long_files, {"templates/long.html": "<p>\n" * (LONGEST_FILE + 1)}),
    (too_long_files, {"common/long.py": "x = 1\n" * (LONGEST_FILE + 1)}),
    (touched_privates, {"merchants_app/a.py": "def f(request):\n    return request._request"}),
    (touched_privates, {"tests/test_a.py": "from common.a import _secret"}),
]


@pytest.mark.parametrize(("rule", "files"), BAD)
def test_a_broken_rule_is_found(rule: Callable[[SourceTree], list[str]], files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert rule(SourceTree(tmp_path))


def test_what_is_allowed_is_not_complained_about(tmp_path: Path) -> None:
    allowed = {
        "checkout_project/urls.py": "from sessions_app import urls",
        "sessions_app/urls.py": "from sessions_app.pay_views import pay",
        "sessions_app/pay_views.py": "from sessions_app.lifecycle import cancel\npay = cancel",
        "sessions_app/lifecycle.py": "from common.modes import Mode\ndef cancel(s):\n    s.status = 'cancelled'",
        "sessions_app/payments.py": "def f():\n    Payment.objects.filter(pk=1).select_for_update()",
        "sessions_app/admin.py": "from common.some_admin import A",
        "common/some_admin.py": "A = 1",
        "common/modes.py": "import enum\nMode = enum.Enum",
    }
    for name, text in allowed.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [rule(SourceTree(tmp_path)) for rule in RULES] == [[]] * len(RULES)
