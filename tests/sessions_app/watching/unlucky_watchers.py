"""Watchers that are disturbed in the middle of a pass."""

from collections.abc import Callable
from typing import Any

from chains_app.networks.networks import network
from chains_app.sandbox.reader import SandboxReader
from sessions_app.watching.watcher import watch

SANDBOX = network("sandbox")


class Killed(BaseException):
    """The process of a watcher ends here."""


class Meddling(SandboxReader):
    """A reader during whose second question another watcher makes a whole pass."""

    def __init__(self) -> None:
        super().__init__(SANDBOX)
        self.asked = 0

    def block(self, number: int) -> Any:
        """The block, after the other watcher was there."""
        self.asked += 1
        if self.asked == 1:
            watch(SANDBOX, SandboxReader(SANDBOX))
        return super().block(number)


def killed_at(statement: int) -> Callable[..., Any]:
    """For `connection.execute_wrapper`: raises `Killed` instead of the statement of that number."""
    left = statement

    def wrapper(execute: Callable[..., Any], *call: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return execute(*call)

    return wrapper
