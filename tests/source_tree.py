"""Reads a source tree for tests/test_architecture.py: modules, what they import (hidden or not), what they write."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

# From left to right; an app may import what stands to its right.
APPS = ("checkout_project", "sessions_app", "webhooks_app", "merchants_app", "chains_app", "common")
MEASURED = ("*.py", "*.html", "*.css", "*.js", "*.mjs")
FOLDERS = (*APPS, "templates", "static", "tests", "bench", "deploy", "examples")
# Where the world comes in: folders at an app's top, and single files there.
DOORS = ("api", "pay", "dashboard", "admin", "tasks", "urls", "health")
# What doors of all apps are made of. It knows HTTP, so rules know nothing of it.
FRAMES = ("frame", "templatetags")
# A model's managers: what is reached through them is filtered by nobody.
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
STATUS_FIELDS = frozenset({"status", "payment_status", "issue", "needs_decision"})
# Names that begin with an underscore and are documented all the same: Django's, those of named tuples, the system's.
DOCUMENTED = frozenset({"_meta", "_default_manager", "_base_manager", "_replace", "_asdict", "_fields", "_exit"})
# What frameworks keep for themselves on the objects that they give us.
INSIDES = frozenset({"__dict__", "__new__", "_state", "fields_cache", "_prefetched_objects_cache"})
_BY_NAME = frozenset({"getattr", "setattr", "hasattr", "delattr"})


@dataclass(frozen=True)
class Module:
    """One Python file of an app."""

    name: str
    path: Path
    tree: ast.Module = field(compare=False, repr=False)

    @property
    def app(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_door(self) -> bool:
        """Known by its place: a folder for doors, `tasks`, `urls`, and management commands."""
        return (self.folder in DOORS and self.app != "common") or ".commands." in self.name

    @property
    def folder(self) -> str:
        """The folder, or the single file, at the app's top; empty for the app itself."""
        return ".".join(self.name.split(".")[1:2])


@dataclass(frozen=True)
class SourceTree:
    """The apps below one folder."""

    root: Path

    @cached_property
    def modules(self) -> dict[str, Module]:
        """By dotted name, migrations left out."""
        found = {}
        for app in APPS:
            for path in sorted((self.root / app).rglob("*.py")):
                parts = path.relative_to(self.root).with_suffix("").parts
                if "migrations" not in parts and "node_modules" not in parts:
                    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                    found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        return found

    @cached_property
    def imports(self) -> dict[str, dict[str, int]]:
        """What each module imports of ours, with the line; also inside functions and under TYPE_CHECKING."""
        return {name: dict(self._imports_of(module)) for name, module in self.modules.items()}

    def _imports_of(self, module: Module) -> Iterator[tuple[str, int]]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                candidates = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = _absolute(node, module)
                candidates = [f"{base}.{alias.name}" for alias in node.names]
            else:
                continue
            for candidate in candidates:
                if (ours := self._longest_module(candidate)) and ours != module.name:
                    yield ours, node.lineno

    def _longest_module(self, dotted: str) -> str | None:
        """`merchants_app.models.Merchant` → `merchants_app.models`: the part of the name that is a module of ours."""
        parts = dotted.split(".")
        names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((name for name in names if name in self.modules), None)

    def python_files(self) -> Iterator[Path]:
        """All of ours, tests and tools too."""
        for folder in (*FOLDERS, "cli"):
            yield from (path for path in sorted((self.root / folder).rglob("*.py")) if "node_modules" not in path.parts)

    def measured_files(self) -> Iterator[Path]:
        """The files whose length we watch."""
        for folder in FOLDERS:
            for pattern in MEASURED:
                for path in sorted((self.root / folder).rglob(pattern)):
                    if not {"migrations", "node_modules"} & set(path.parts):
                        yield path


def _absolute(node: ast.ImportFrom, module: Module) -> str:
    """The module named behind `from`, with the dots of a relative import resolved."""
    if not node.level:
        return node.module or ""
    package = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def circles(imports: dict[str, dict[str, int]]) -> list[list[str]]:
    """Groups of modules that reach each other (strongly connected components, by Tarjan), each sorted."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in imports.get(name, {}):
            if target not in order:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == order[name]:
            start = stack.index(name)
            group = stack[start:]
            del stack[start:]
            if len(group) > 1:
                found.append(sorted(group))

    for name in imports:
        if name not in order:
            visit(name)
    return found


def status_writes(tree: ast.Module) -> Iterator[int]:
    """Lines that write a session's status: assignment, setattr, `.update(status=…)`, `bulk_update(…, ["status"])`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = [part for target in targets for part in ast.walk(target)]
            if any(
                isinstance(p, ast.Attribute) and isinstance(p.ctx, ast.Store) and p.attr in STATUS_FIELDS for p in inner
            ):
                yield node.lineno
        elif isinstance(node, ast.Call) and _call_writes_status(node):
            yield node.lineno


def _call_writes_status(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "update":
        return any(keyword.arg in STATUS_FIELDS for keyword in call.keywords)
    if name in {"setattr", "bulk_update", "update_or_create"}:
        inside = [part for argument in call.args for part in ast.walk(argument)]
        inside += [part for keyword in call.keywords for part in ast.walk(keyword.value)]
        return any(isinstance(part, ast.Constant) and part.value in STATUS_FIELDS for part in inside)
    return False


def manager_uses(tree: ast.Module) -> Iterator[int]:
    """Lines that reach for a model's manager, by its name or by `getattr`."""
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and node.attr in MANAGERS) or (
            isinstance(node, ast.Constant) and node.value in MANAGERS
        ):
            yield node.lineno


def session_locks(tree: ast.Module) -> Iterator[int]:
    """Lines that lock rows, unless their query plainly begins with another model: `Payment.objects.…`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "select_for_update":
            begins_with = _beginning(node)
            if begins_with == "CheckoutSession" or not begins_with[:1].isupper():
                yield node.lineno


def _beginning(node: ast.expr) -> str:
    """The name a chain of attributes and calls starts from; empty when it starts from something else."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def trespasses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of what is private to somebody else: what begins with an underscore and is not of this module."""
    own = _own_privates(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            parts = [part for name in names for part in name.split(".")] if "_typeshed" not in str(names[-1]) else []
            yield from ((node.lineno, part) for part in parts if _is_private(part))
        elif isinstance(node, ast.Attribute):
            if node.attr in INSIDES or (_is_private(node.attr) and node.attr not in own):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in _names_in_text(node) if name in INSIDES or _is_private(name))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED and name != "_"


def _own_privates(tree: ast.Module) -> set[str]:
    """What the module's classes and functions are called, what has a value there, what they set on themselves."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and _is_set(node):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and _is_set(node) and getattr(node.value, "id", "") in {"self", "cls"}:
            found.add(node.attr)
    return found


def _is_set(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _names_in_text(call: ast.Call) -> list[str]:
    """What `getattr` and its like are asked for: `setattr(a, "_b", …)`, `monkeypatch.setattr("a._b", …)`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = [each.value for each in call.args[:2] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [part for text in texts for part in text.split(".")] if name in _BY_NAME else []
