"""Changes for the worse that could be made in a file: each a place in its text and what would stand there instead."""

import ast
import re
from collections.abc import Iterable, Iterator, Set
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tests.mutants.scope import SCOPE

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
}  # fmt: skip
_OTHER_END = {"min": "max", "max": "min"}
_OTHER_LOOKUP = {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}
_SQL = [
    (rb"(?m)^\s*AND .*$", ""), (rb"\bIS NOT NULL\b", "IS NULL"), (rb"\bIS NULL\b", "IS NOT NULL"),
    (rb"(?<![<>!])<(?![=>])", "<="), (rb"(?<![-<>])>(?!=)", ">="), (rb"\bSKIP LOCKED\b", ""), (rb"\bDESC\b", "ASC"),
    (rb"\bNOT EXISTS\b", "EXISTS"),
]  # fmt: skip
_LIKE_SQL = re.compile(rb"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b")


class Change(NamedTuple):
    """The bytes from `start` to `end` become `text`."""

    start: int
    end: int
    text: str
    kind: str

    def made_in(self, source: bytes) -> bytes:
        """The file with the change in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def changes_of(path: Path) -> Iterator[Change]:
    """Of every kind, wherever one could be made."""
    source = path.read_bytes()
    return _of_toml(source) if path.suffix == ".toml" else _of_python(source)


def _of_toml(source: bytes) -> Iterator[Change]:
    """Numbers one larger, addresses of another contract; not in comments."""
    for found in re.finditer(rb"(?m)^\s*#.*$|(?<=[=\s])\d+(?=[\s,}])|0x[0-9a-fA-F]{40}", source):
        if found[0].isdigit():
            yield Change(*found.span(), str(int(found[0]) + 1), "number")
        elif found[0].startswith(b"0x"):
            yield Change(*found.span(), "0x" + "42" * 20, "address")


def _of_python(source: bytes) -> Iterator[Change]:
    starts = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))

    def span(node: ast.AST) -> tuple[int, int]:
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    nodes = list(ast.walk(ast.parse(source)))
    # Where a sentence cuts what it quotes; `frozen=True`, `lru_cache(maxsize=4)`: nobody can see it.
    texts = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    decorators = [each for node in nodes for each in getattr(node, "decorator_list", ())]
    unseen = {part for each in texts + decorators for part in ast.walk(each) if isinstance(part, ast.Constant)}
    unseen |= {each for each in decorators if isinstance(each, ast.Call)}
    ours = _named_here(nodes)
    for node in nodes:
        if node in unseen:
            continue
        for place, new, kind in (*_of_node(node), *(_of_call(node, ours) if isinstance(node, ast.Call) else ())):
            text = new if isinstance(new, str) else ast.unparse(new)
            if text != ast.unparse(place):  # as where two arguments that are the same were swapped
                yield Change(*span(place), text, kind)
        if isinstance(node, ast.JoinedStr | ast.Constant) and _LIKE_SQL.search(source, *span(node)):
            for pattern, new in _SQL:
                for found in re.compile(pattern).finditer(source, *span(node)):
                    yield Change(*found.span(), new, "SQL")


def _of_node(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | str, str]]:
    """What would be replaced, by what, and what kind of change that is."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=others):
            for at, op in enumerate(ops):
                yield node, ast.Compare(left, [*ops[:at], _OTHER[type(op)](), *ops[at + 1 :]], others), "comparison"
        case ast.BoolOp(op=op, values=values):
            for at in range(len(values) - 1):
                other = ast.BoolOp(_OTHER[type(op)](), values[at : at + 2])
                yield node, ast.BoolOp(op, [*values[:at], other, *values[at + 2 :]]), "and/or"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OTHER:
            yield node, ast.BinOp(left, _OTHER[type(op)](), right), "arithmetic"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, operand, "not removed"
        case ast.Constant(value=bool() as value):
            yield node, str(not value), "flag"
        case ast.Constant(value=int() as value):
            yield node, str(value + 1), "number"
        case ast.If(test=test, body=[ast.Raise() | ast.Return() | ast.Continue()]):
            yield test, "False", "guard removed"
        case ast.FunctionDef(decorator_list=decorators):
            for each in decorators:
                if not re.search("property|cache|override|overload", ast.unparse(each)):  # speed, types, or nothing
                    yield each, "lambda it: it", "decorator removed"
        case ast.With(items=[ast.withitem(context_expr=given)]) if "atomic" in ast.unparse(given):
            yield given, "__import__('contextlib').nullcontext()", "atomic removed"
        case ast.Expr(value=ast.Call(func=call)) if not re.match(r"_log\b|super\b", ast.unparse(call)):
            yield node, "pass", "call removed"
        case ast.Set(elts=[_, _, *_] as cells) | ast.Tuple(elts=[ast.Attribute(), ast.Attribute(), *_] as cells):
            for at in range(len(cells)):
                yield node, type(node)(cells[:at] + cells[at + 1 :]), "cell removed"
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield value, "None", "nothing returned"


def _of_call(node: ast.Call, ours: Set[str]) -> Iterator[tuple[ast.AST, ast.AST | str, str]]:
    """The same, of what is called and what it is given."""
    call, args, given = node.func, node.args, node.keywords
    match call:
        case ast.Attribute(attr="select_for_update", value=rows):
            yield node, ast.Call(ast.Attribute(rows, "all"), [], []), "lock removed"
        case ast.Attribute(attr="order_by"):
            for each in args:
                if isinstance(each, ast.Constant) and isinstance(name := each.value, str) and name != "?":
                    yield each, repr(name[1:] if name.startswith("-") else f"-{name}"), "order turned"
        case ast.Name(id="min" | "max" as end):
            yield node, ast.Call(ast.Name(_OTHER_END[end]), args, given), "min/max"
            args = args[:1]  # they are the same the other way round
    if len(args) > 1:
        yield node, ast.Call(call, [args[1], args[0], *args[2:]], given), "arguments swapped"
    for at, each in enumerate(given):
        before, after = given[:at], given[at + 1 :]
        field, _, lookup = (each.arg or "").rpartition("__")
        if field and lookup in _OTHER_LOOKUP:
            turned = ast.keyword(f"{field}__{_OTHER_LOOKUP[lookup]}", each.value)
            yield node, ast.Call(call, args, [*before, turned, *after]), "comparison"
        if isinstance(call, ast.Attribute) and call.attr in {"filter", "exclude", "update"}:
            yield node, ast.Call(call, args, before + after), "condition removed"
        elif each.arg and not (isinstance(call, ast.Name) and call.id in ours):
            yield node, ast.Call(call, args, before + after), "keyword removed"


def _named_here(nodes: Iterable[ast.AST]) -> set[str]:
    """What this file has of ours: it asks for most keywords, so that who leaves one out is told at once.

    And pydantic's fields, whose keywords are words of the API's description.
    """
    defined = {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    sources = [each for each in nodes if isinstance(each, ast.ImportFrom) and each.module]
    ours = [each for each in sources if each.module.partition(".")[0] in SCOPE["modules"]]
    return {"Field"} | defined | {name.name for each in ours for name in each.names}
