"""The shape of the project, as far as import-linter (pyproject.toml: the order of apps and folders) cannot say it."""

import ast
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.source_tree import (
    FRAMES,
    SourceTree,
    circles,
    manager_uses,
    session_locks,
    status_writes,
    trespasses,
)

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300
MOST_FILES = 16
ONE_WRITER = "sessions_app.state.lifecycle"


def circular_imports(tree: SourceTree) -> list[str]:
    """No two modules need each other, not even inside a function or for types."""
    return [" <-> ".join(group) for group in circles(tree.imports)]


def imported_doors(tree: SourceTree) -> list[str]:
    """Nobody imports from a folder of doors but itself and the urls: a rule is called from any door, and knows none."""
    return [
        f"{name}:{line} imports the door {target}"
        for name, targets in tree.imports.items()
        for target, line in targets.items()
        if tree.modules[target].is_door and not name.endswith(".urls") and not _describes(name)
        if name.split(".")[:2] != target.split(".")[:2]
    ]


def _describes(name: str) -> bool:
    """The API's description reads the doors it describes."""
    return name.startswith("checkout_project.openapi.")


def frames_in_rules(tree: SourceTree) -> list[str]:
    """What doors are made of knows requests and answers: rules know nothing of it."""
    return [
        f"{name}:{line} imports {target}"
        for name, targets in tree.imports.items()
        for target, line in targets.items()
        if tree.modules[target].folder in FRAMES and not tree.modules[name].is_door
        if tree.modules[name].folder not in FRAMES and tree.modules[name].app != "checkout_project"
    ]


def crowded_folders(tree: SourceTree) -> list[str]:
    """At most sixteen files in a folder: fifteen and `__init__.py`."""
    files = Counter(str(module.path.parent.relative_to(tree.root)) for module in tree.modules.values())
    return [f"{folder}: {number} files" for folder, number in files.items() if number > MOST_FILES]


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
        if (module.is_door or module.folder == "templatetags") and module.folder != "admin"
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
    frames_in_rules,
    crowded_folders,
    doors_with_managers,
    other_writers_of_status,
    too_long_files,
    touched_privates,
]


@pytest.fixture(scope="module")
def project() -> SourceTree:
    """The tree as it is, parsed once for all rules."""
    return SourceTree(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps(rule: Callable[[SourceTree], list[str]], project: SourceTree) -> None:
    assert rule(project) == []


BAD: list[tuple[Callable[[SourceTree], list[str]], dict[str, str]]] = [
    (circular_imports, {"common/a.py": "from common.b import x", "common/b.py": "def f():\n    from . import a"}),
    (
        circular_imports,
        {"common/a.py": "import common.b", "common/b.py": "import common.c", "common/c.py": "from common import a"},
    ),
    (imported_doors, {"sessions_app/rule.py": "from sessions_app.tasks import t", "sessions_app/tasks.py": "t = 1"}),
    (imported_doors, {"sessions_app/pay/a.py": "from sessions_app.api import b", "sessions_app/api/b.py": ""}),
    (imported_doors, {"sessions_app/api/a.py": "import webhooks_app.api.b", "webhooks_app/api/b.py": ""}),
    (frames_in_rules, {"sessions_app/state/a.py": "import merchants_app.frame.b", "merchants_app/frame/b.py": ""}),
    (crowded_folders, {f"sessions_app/state/a{number}.py": "" for number in range(MOST_FILES + 1)}),
    (doors_with_managers, {"sessions_app/api/a.py": "def f(request):\n    return Refund.objects.all()"}),
    (doors_with_managers, {"sessions_app/pay/a.py": "def f(request):\n    return getattr(Refund, 'objects').all()"}),
    (doors_with_managers, {"sessions_app/templatetags/a.py": "def f():\n    return Refund._default_manager.count()"}),
    (other_writers_of_status, {"sessions_app/state/expiry.py": "def f(session):\n    session.status = 'expired'"}),
    (other_writers_of_status, {"sessions_app/state/expiry.py": "def f(s):\n    old, s.status = s.status, 'expired'"}),
    (other_writers_of_status, {"sessions_app/state/expiry.py": "def f(s):\n    setattr(s, 'payment_status', 'paid')"}),
    (
        other_writers_of_status,
        {"sessions_app/state/expiry.py": "def f(q):\n    q.filter(pk=1).update(status='expired')"},
    ),
    (other_writers_of_status, {"sessions_app/state/expiry.py": "def f(q, rows):\n    q.bulk_update(rows, ['issue'])"}),
    (other_writers_of_status, {"sessions_app/watching/payments.py": "def f(q):\n    q.select_for_update().get(pk=1)"}),
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
        "sessions_app/urls.py": "from sessions_app.pay.views import pay",
        "sessions_app/pay/views.py": "from sessions_app.pay import page\nfrom sessions_app.state import lifecycle",
        "sessions_app/pay/page.py": "from merchants_app.frame.pages import page",
        "merchants_app/frame/pages.py": "page = 1",
        "sessions_app/state/lifecycle.py": "from common.modes import M\ndef cancel(s):\n    s.status = 'cancelled'",
        "sessions_app/watching/payments.py": "def f():\n    Payment.objects.filter(pk=1).select_for_update()",
        "sessions_app/admin.py": "from common.admin.some import A",
        "common/admin/some.py": "A = 1",
        "common/modes.py": "import enum\nMode = enum.Enum",
    }
    for name, text in allowed.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [rule(SourceTree(tmp_path)) for rule in RULES] == [[]] * len(RULES)
