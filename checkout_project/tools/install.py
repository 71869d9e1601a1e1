"""Installs what `make run` and `make test` need, once: python3 -I install.py run|test|test-odd

Any Python may start it (it says so when it is too old); it needs the standard library only. What cannot be had is said
in one line, with what to install.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
_PIP_INSTALL = [
    "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", "--require-hashes",
    "--no-compile",
]  # fmt: skip
FOR_RUNNING = "requirements-run.lock"
_ONE_APT = Lock()
TURKISH = Path("/usr/share/i18n/locales/tr_TR")
# The first has no windows, which are half of what a new page takes.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class MissingError(Exception):
    """Something cannot be had; the line says what to install."""


def main(purpose: str) -> None:
    """purpose: `run`, `test` or `test-odd`."""
    if sys.version_info < (3, 11):  # noqa: UP036  (older ones read this file too, to say this)
        raise MissingError(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: install it, or name it: "
            f"make {purpose} PYTHON=python3.12"
        )
    with ThreadPoolExecutor(1) as beside:
        node = beside.submit(install_node_packages, needed=purpose == "test")
        # The dev lock has all of the other one.
        install_python_packages(FOR_RUNNING if purpose == "run" else "requirements-dev.lock")
        compile_words()
        node.result()
    if purpose == "test":
        install_browser()
        install_pooler()
    if purpose == "test-odd":
        install_oddities()


def install_python_packages(lock: str) -> None:
    """Into .venv, from exact pins and only files of known hashes; again when those or the Python changed.

    Raises MissingError.
    """
    python = (str(sys.version_info[:2]) + sys.prefix).encode()
    digest = hashlib.sha256(python + (ROOT / lock).read_bytes()).hexdigest()
    if _text(VENV / f".{lock}.installed") == digest:
        return
    _make_venv()
    print(f"Installing {lock} (once) …", flush=True)
    _must(
        [str(BIN / "python"), *_PIP_INSTALL, "-r", lock],
        "The Python packages could not be installed; the reason stands above. Is it a hash? Then the index gives out "
        "another file than the one that was pinned: find out why before you trust it.",
    )
    # Compiled, so that the first start has not to do it. Tests import a part of theirs alone, and compile that.
    compile_all = [str(BIN / "python"), "-m", "compileall", "-qq", "-j", "0", "-x"]
    if lock == FOR_RUNNING:
        _run([*compile_all, "/tests?/", *(str(folder) for folder in VENV.glob("lib/python*/site-packages"))])
    _run([*compile_all, r"/\.|/node_modules/|/tests/", "."])
    (VENV / f".{lock}.installed").write_text(digest, encoding="utf-8")


def _make_venv() -> None:
    if (BIN / "pip").exists() and _works([str(BIN / "python"), "-c", "import pip"]):
        return
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if _works(command):
        return
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not (_apt_install(version) or _apt_install("python3-venv")) or not _works(command):
        raise MissingError(
            f"Python's venv module is missing. On Debian and Ubuntu: sudo apt-get install {version}; then again."
        )


def compile_words() -> None:
    """What buyers read, in the form that Django reads; again when a catalogue changed. Raises MissingError."""
    catalogues = (ROOT / "locale").glob("*/LC_MESSAGES/django.po")
    if not all(_is_newer(po.with_suffix(".mo"), po) for po in catalogues):
        command = [str(BIN / "python"), "-m", "checkout_project.words", "compile"]
        _must(command, "The translations below locale/ could not be compiled; the reason stands above.")


def install_node_packages(*, needed: bool) -> None:
    """The local EVM node and the Solidity compiler; when not needed, quiet without npm. Raises MissingError."""
    stamp = ROOT / "node_modules" / ".installed"
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if _text(stamp) == digest:
        return
    if needed and shutil.which("npm") is None:
        _apt_install("nodejs", "npm")
    if shutil.which("npm") is None:
        if needed:
            raise MissingError("npm is missing: install Node.js 20 or newer with npm (Debian: apt-get install npm).")
        return
    print("Installing the packages of package-lock.json (once) …", flush=True)
    # Not `npm ci`: it insists that the lock file has the binary of every platform, and registries may lack some.
    options = ["--no-save", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"]
    if _run(["npm", "install", *options]) == 0:
        stamp.write_text(digest, encoding="utf-8")
    elif needed:
        raise MissingError("`npm install --no-save` failed; run it in the project's folder to see why.")


def install_browser() -> None:
    """A Chromium for the journey tests: the system's, else Debian's, else the test tool's own. Raises MissingError."""
    if not os.environ.get("CHROMIUM") and shutil.which(BROWSERS[0]) is None:
        _install_windowless()
    if find_browser() is None:
        _apt_install("chromium")
    if find_browser() is None:
        print("Installing a Chromium (once) …", flush=True)
        _run([str(BIN / "python"), "-m", "playwright", "install", "chromium"])
    if find_browser() is None:
        raise MissingError(
            "Chromium is missing: install it (Debian: apt-get install chromium), or set CHROMIUM=/path/to/it."
        )


def _install_windowless() -> None:
    """Beside a Chromium that is there, of its version: nothing of the system is brought up to date. Tried once."""
    version, stamp = _output(["dpkg-query", "-W", "-f", "${Version}", "chromium"]), VENV / ".windowless.tried"
    if _text(stamp) != f"{version}\n":
        stamp.write_text(f"{version}\n", encoding="utf-8")
        _apt_install(f"{BROWSERS[0]}={version}" if version else BROWSERS[0])


def install_pooler() -> None:
    """Debian's PgBouncer; where it cannot be had, its tests are left out."""
    if shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
        _apt_install("pgbouncer")


def install_oddities() -> None:
    """A clock that can be turned, and what a Turkish locale is made from. Raises MissingError."""
    if shutil.which("faketime") is None and not _apt_install("faketime"):
        raise MissingError("faketime is missing: install it (Debian: apt-get install faketime).")
    if not (shutil.which("localedef") and TURKISH.exists()) and not _apt_install("locales"):
        raise MissingError("The definitions of locales are missing: install them (Debian: apt-get install locales).")


def find_browser() -> str | None:
    """Path of a Chromium that starts, or None. CHROMIUM names one."""
    named = os.environ.get("CHROMIUM")
    places = [named] if named else [shutil.which(name) for name in BROWSERS]
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    places += [str(path) for path in sorted(cache.glob("chromium*/chrome-*/chrome"))]
    # Asked for its version, because some systems have a placeholder of that name that only tells to install it.
    return next((place for place in places if place and _works([place, "--version"])), None)


def _apt_install(*packages: str) -> bool:
    """On Debian and its kin, as root, one after the other; False where that cannot be or fails."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    with _ONE_APT:
        return _apt_get(packages)


def _apt_get(packages: tuple[str, ...]) -> bool:
    print(f"Installing {' '.join(packages)} (once) …", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if _works(command, env=env):
        return True
    # The lists of packages may be missing or old.
    return _works(["apt-get", "update", "-qq"], env=env) and _works(command, env=env)


def _output(command: list[str]) -> str:
    """What it prints; nothing where it fails or is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _works(command: list[str], *, env: dict[str, str] | None = None) -> bool:
    """Runs it unseen; whether it succeeded."""
    try:
        done = subprocess.run(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def _must(command: list[str], otherwise: str) -> None:
    if _run(command) != 0:
        raise MissingError(otherwise)


def _is_newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime_ns >= source.stat().st_mtime_ns


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except MissingError as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        sys.exit(130)
