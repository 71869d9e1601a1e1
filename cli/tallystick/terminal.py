"""What people see: colours where a terminal is, plain lines where output is piped."""

import os
import sys
from typing import Any, TextIO

from tallystick.client import exact_json

_COLOURS = {"good": "32", "bad": "31", "dim": "2", "strong": "1", "waiting": "33"}
_MOODS = {
    "completed": "good",
    "paid": "good",
    "open": "waiting",
    "processing": "waiting",
    "expired": "dim",
    "cancelled": "dim",
}


class Terminal:
    """Writes lines, tables and JSON."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self.colourful = self.is_terminal and "NO_COLOR" not in os.environ

    def line(self, text: str = "") -> None:
        """A line, out at once: it may be what somebody waits for."""
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def progress(self, text: str) -> None:
        """A line that the next one replaces; nothing where there is no terminal."""
        if self.is_terminal:
            self.stream.write(f"\r\x1b[K{text}")
            self.stream.flush()

    def end_progress(self) -> None:
        """Clears it."""
        if self.is_terminal:
            self.stream.write("\r\x1b[K")

    def paint(self, text: str, mood: str) -> str:
        """The text in a colour that fits."""
        return f"\x1b[{_COLOURS[mood]}m{text}\x1b[0m" if self.colourful else text

    def status(self, status: str) -> str:
        """A session's status in its colour."""
        return self.paint(status, _MOODS.get(status, "strong"))

    def json(self, value: Any) -> None:
        """For people and for programs: indented JSON."""
        self.line(exact_json(value, indent=2))
