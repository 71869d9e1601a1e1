"""What a check finds: a line, with a sentence that says how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

# As long as any check may wait for somebody else.
SECONDS = 4.5


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    LOOK = "look"  # it works, and somebody should look
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line."""

    about: str
    verdict: Verdict
    text: str
    cure: str = ""

    def line(self) -> str:
        """As it is printed."""
        cure = f"\n         → {self.cure}" if self.cure else ""
        return f"{self.verdict:<6} {self.about}: {self.text}{cure}"

    def as_dict(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)


Check = Callable[[], Iterator[Finding]]


def ok(about: str, text: str) -> Finding:
    """All is well."""
    return Finding(about=about, verdict=Verdict.OK, text=text)


def look(about: str, text: str, cure: str) -> Finding:
    """It works all the same."""
    return Finding(about=about, verdict=Verdict.LOOK, text=text, cure=cure)


def wrong(about: str, text: str, cure: str) -> Finding:
    """Something does not work."""
    return Finding(about=about, verdict=Verdict.WRONG, text=text, cure=cure)
