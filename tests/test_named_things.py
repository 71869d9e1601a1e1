"""What docstrings and comments name in backticks is there: a module, function or file by the name that it has today."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source_tree import Module, SourceTree
from tests.stack import ROOT

# Of others: wallets, facilitators, Django's commands, headers, gettext; and words that only show how something looks.
OTHERS = frozenset({
    "personal_sign", "eth_signTypedData_v4", "settlement_pending", "compilemessages", "makemessages",
    "X_Forwarded_For", "updatedAfter", "de_DE_formal", "snake_case", "camelCase", "November",
})  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")
_FILE = re.compile(r"[\w./-]+\.(?:py|md|toml|html|css|js|mjs|yaml)")


def missing(tree: SourceTree) -> list[str]:
    """`module: name`, of what is nowhere in the code but in what is said of it."""
    known = {word for module in tree.modules.values() for word in _words(module)}
    files = [path.relative_to(tree.root).as_posix() for path in _files(tree.root)]
    return [
        f"{module.name}: {name}"
        for module in tree.modules.values()
        for text in _said(module)
        for name in re.findall(r"`([^`\n]+)`", text)
        if not _is_there(name, known, files)
    ]


def _is_there(name: str, known: set[str], files: list[str]) -> bool:
    if _FILE.fullmatch(name):
        return any(f"/{each}".endswith(f"/{name}") for each in files)
    return not _NAME.fullmatch(name) or set(re.findall(r"\w+", name)) <= known | OTHERS


def _docstrings(module: Module) -> list[ast.Constant]:
    """As they stand in the tree."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.append(first.value)
    return found


def _said(module: Module) -> Iterator[str]:
    yield from (str(each.value) for each in _docstrings(module))
    lines = io.StringIO(module.path.read_text(encoding="utf-8")).readline
    yield from (token.string for token in tokenize.generate_tokens(lines) if token.type == tokenize.COMMENT)


def _words(module: Module) -> Iterator[str]:
    """Every name of its code, and every word of its texts, which may be SQL or a field's name."""
    yield from module.name.split(".")
    said = {id(each) for each in _docstrings(module)}
    for node in ast.walk(module.tree):
        if id(node) not in said:
            texts = [value for _, value in ast.iter_fields(node) if isinstance(value, str)]
            yield from (word for text in texts for word in re.findall(r"\w+", text))


def _files(root: Path) -> Iterator[Path]:
    """Ours; not what was installed beside them."""
    for folder in root.iterdir():
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
            yield from folder.rglob("*.*")
        elif folder.is_file():
            yield folder


def test_what_docstrings_and_comments_name_is_there() -> None:
    assert missing(SourceTree(ROOT)) == []


@pytest.mark.parametrize("said", ['"""As `gone` does."""', "# As `gone` does.", '"""See `common/gone.py`."""'])
def test_what_is_gone_is_found(tmp_path: Path, said: str) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "here.py").write_text(f'{said}\nHERE = "of `here`, which is"\n', encoding="utf-8")
    assert missing(SourceTree(tmp_path)) == [f"common.here: {'common/gone.py' if '.py' in said else 'gone'}"]
