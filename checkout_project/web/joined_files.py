"""Makes one file of a script with the modules that it imports, and of a style sheet with those that it imports.

A browser would ask for each by itself, and for a module's own imports only once the module has come. In the sources
each stays a file of its own; what a page loads is joined by `collectstatic`. A module becomes a function that gives
back what it exports, called once, in the order in which they need each other. `import("./x.js")` stays as it is: that
is loaded when it is needed.
"""

import posixpath
import re
from collections.abc import Callable

Reader = Callable[[str], str]

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.[^"]+)";\n', re.MULTILINE)
_OTHER_IMPORT = re.compile(r"^(import\s*[^(\s].*|export (?:default|\{|\*).*|export let .*)$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|const|class) (\w+)", re.MULTILINE)
_REMARK = re.compile(r"^\s*(?://.*|/\*\*[\s\S]*?\*/)\n", re.MULTILINE)
_STYLES_REMARK = re.compile(r"/\*[\s\S]*?\*/")
_SPACE = re.compile(r"\s*([{};])\s*")
_STYLES = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


def joined_script(name: str, read: Reader) -> str:
    """The module with all that it imports, without the remarks. ValueError: a way to import or export that is not
    known here, or modules that need each other.
    """
    written: dict[str, str] = {}
    exported = _write(name, read, written, above=())
    own = f"export const {{ {', '.join(exported)} }} = {_variable(name)};\n" if exported else ""
    return "\n".join([*written.values(), own])


def joined_styles(name: str, read: Reader) -> str:
    """The style sheet with those that it begins with, without remarks, and without the space between its rules."""
    whole = _STYLES.sub(lambda found: joined_styles(_beside(name, found[1]), read), read(name))
    return _SPACE.sub(r"\1", _STYLES_REMARK.sub("", whole)).strip()


def _write(name: str, read: Reader, written: dict[str, str], above: tuple[str, ...]) -> list[str]:
    """Writes the module below those that it needs; what it exports."""
    if name in above:
        raise ValueError(f"{name} and {above[-1]} need each other.")
    source = read(name)
    for _names, path in _IMPORT.findall(source):
        if (needed := _beside(name, path)) not in written:
            _write(needed, read, written, above=(*above, name))
    body = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(_beside(name, found[2]))};\n", source)
    if unknown := _OTHER_IMPORT.search(body):
        raise ValueError(f"{name}: cannot be joined: {unknown[0]}")
    exported = [found[1] for found in _EXPORT.findall(body)]
    body = _REMARK.sub("", _EXPORT.sub(r"\1 \2", body)).strip()
    written[name] = f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"
    return exported


def _beside(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _variable(name: str) -> str:
    return f"${re.sub(r'[^A-Za-z0-9]', '_', posixpath.splitext(name)[0])}"
