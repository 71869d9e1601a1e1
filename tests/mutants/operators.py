"""Changes for the worse that could be made in a file: each a place in its text and what would stand there instead."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.And: ("and", "or"), ast.Or: ("or", "and"), ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
}  # fmt: skip
_SQL = [
    (r"(?m)^\s*AND .*$", ""), (r"\bIS NOT NULL\b", "IS NULL"), (r"\bIS NULL\b", "IS NOT NULL"),
    (r"(?<![<>!])<(?![=>])", "<="), (r"(?<![-<>])>(?!=)", ">="), (r"\bSKIP LOCKED\b", ""), (r"\bDESC\b", "ASC"),
    (r"\bNOT EXISTS\b", "EXISTS"),
]  # fmt: skip
_LIKE_SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b")


class Change(NamedTuple):
    """Text from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str
    kind: str

    def made_in(self, source: str) -> str:
        """The file with the change in it."""
        return source[: self.start] + self.text + source[self.end :]


def changes_of_toml(source: str) -> Iterator[Change]:
    """Numbers one larger, addresses of another contract; not in comments."""
    for found in re.finditer(r"(?m)^\s*#.*$|(?<=[=\s])\d+(?=[\s,}])", source):
        if found[0].isdigit():
            yield Change(*found.span(), str(int(found[0]) + 1), "number")
    for found in re.finditer(r"0x[0-9a-fA-F]{40}", source):
        yield Change(*found.span(), "0x" + "42" * 20, "address")


def changes_of_python(source: str) -> Iterator[Change]:
    """Of every kind, wherever one could be made."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    data = source.encode()

    def at(line: int, column: int) -> int:
        return len(data[: starts[line - 1] + column].decode())

    def span(node: ast.AST) -> tuple[int, int]:
        return at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def between(left: ast.AST, right: ast.AST, operator: ast.AST, kind: str) -> Iterator[Change]:
        if pair := _OPERATORS.get(type(operator)):
            start, end = span(left)[1], span(right)[0]
            text = source[start:end]
            if pair[0] in text:
                yield Change(start, end, text.replace(pair[0], pair[1], 1), kind)

    tree = ast.parse(source)
    decorators = (each for node in ast.walk(tree) for each in getattr(node, "decorator_list", ()))
    # `frozen=True`, `lru_cache(maxsize=4)`: nobody can see it.
    unseen = {part for each in decorators if re.search("dataclass|cache", ast.unparse(each)) for part in ast.walk(each)}
    texts = [part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)]
    of_texts = {part for part in texts if isinstance(part, ast.Constant)}  # where a sentence cuts what it quotes
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, ops=operators, comparators=others):
                for before, operator, after in zip([left, *others], operators, others, strict=False):
                    yield from between(before, after, operator, "comparison")
            case ast.BoolOp(op=operator, values=values):
                for before, after in pairwise(values):
                    yield from between(before, after, operator, "and/or")
            case ast.BinOp(left=left, op=operator, right=right):
                yield from between(left, right, operator, "arithmetic")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield Change(span(node)[0], span(operand)[0], "", "not removed")
            case ast.Constant(value=bool() as value) if node not in unseen:
                yield Change(*span(node), str(not value), "flag")
            case ast.Constant(value=int() as value) if node not in of_texts | unseen:
                yield Change(*span(node), str(value + 1), "number")
            case ast.Constant(value=str() as value) if _LIKE_SQL.search(value):
                start, end = span(node)
                for pattern, text in _SQL:
                    for found in re.finditer(pattern, source[start:end]):
                        yield Change(start + found.start(), start + found.end(), text, "SQL")
            case ast.If(test=test, body=[ast.Raise() | ast.Return() | ast.Continue()]):
                yield Change(*span(test), "False", "guard removed")
            case ast.FunctionDef(decorator_list=decorators):
                for each in decorators:
                    if not re.search("property|cache|override|overload", ast.unparse(each)):  # speed, types, or nothing
                        yield Change(span(each)[0] - 1, span(each)[1], "", "decorator removed")
            case ast.With(items=[item]) if "atomic" in ast.unparse(item):
                yield Change(*span(item.context_expr), "__import__('contextlib').nullcontext()", "atomic removed")
            case ast.Call(func=ast.Attribute(attr="select_for_update", value=value)):
                yield Change(span(value)[1], span(node)[1], ".all()", "lock removed")
            case ast.Call(func=ast.Attribute(attr="filter" | "exclude" | "update"), keywords=[*given]) if given:
                for index, keyword in enumerate(given):
                    end = span(given[index + 1])[0] if index + 1 < len(given) else span(keyword)[1]
                    yield Change(span(keyword)[0], end, "", "condition removed")
            case ast.Call(func=ast.Name(id="max" | "min")):
                pass  # it is the same the other way round
            case ast.Call(args=[first, second, *_]):
                swapped = source[slice(*span(second))] + source[span(first)[1] : span(second)[0]]
                text = swapped + source[slice(*span(first))]
                yield Change(span(first)[0], span(second)[1], text, "arguments swapped")
            case ast.Set(elts=[_, _, *_] as cells) | ast.Tuple(elts=[ast.Attribute(), ast.Attribute(), *_] as cells):
                for index, each in enumerate(cells):
                    end = span(cells[index + 1])[0] if index + 1 < len(cells) else span(each)[1]
                    yield Change(span(each)[0], end, "", "cell removed")
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield Change(*span(value), "None", "nothing returned")
