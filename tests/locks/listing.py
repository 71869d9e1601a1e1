"""Lists every lock, claim and transaction that the apps' code takes, by where it stands: read from the code itself."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.source_tree import Module, SourceTree

ATOMIC, ROWS, ADVISORY, UNLOCK = "atomic", "select_for_update", "advisory lock", "advisory unlock"
CLAIM = "claim"  # in Redis: whoever is the first to add it, or to have its lock
# What SQL text may say, and what it is called here. Docstrings are no SQL.
_IN_SQL = {
    r"pg_(?:try_)?advisory_(?:xact_)?lock\w*\(": ADVISORY,
    r"pg_advisory_unlock\w*\(": UNLOCK,
    r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b": "FOR UPDATE",
    r"\bFOR\s+(?:KEY\s+)?SHARE\b": "FOR SHARE",
    r"\bLOCK\s+TABLE\b": "LOCK TABLE",
}


def locks_of(tree: SourceTree) -> list[str]:
    """`module.function: kind`, the second of a kind in one function `… 2`; sorted."""
    found: Counter[str] = Counter()
    names = []
    for module in tree.modules.values():
        for name in _of_module(module):
            found[name] += 1
            names.append(name if found[name] == 1 else f"{name} {found[name]}")
    return sorted(names)


def _of_module(module: Module) -> Iterator[str]:
    for scope, node in _scoped(module.tree, module.name):
        for kind in _kinds(node):
            yield f"{scope}: {kind}"


def _scoped(node: ast.AST, scope: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node below with the function, class or constant of the module that it stands in; no docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        inner = scope
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{scope}.{child.name}"
        elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Module):
            target = child.targets[0] if isinstance(child, ast.Assign) else child.target
            inner = f"{scope}.{ast.unparse(target)}"
        yield inner, child
        yield from _scoped(child, inner)


def _kinds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute | ast.Name):
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        if name in {ATOMIC, ROWS}:
            yield name
        elif (isinstance(node, ast.Attribute) and name == "lock") or ast.unparse(node) == "cache.add":
            yield CLAIM
    elif isinstance(node, ast.ImportFrom) and any(each.name == ATOMIC for each in node.names):
        yield f"{ATOMIC}, imported by its own name"
    elif isinstance(node, ast.keyword) and node.arg in {ATOMIC, ROWS}:
        yield f"{node.arg}, as an option"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for pattern, kind in _IN_SQL.items():
            yield from [kind] * len(re.findall(pattern, node.value))
