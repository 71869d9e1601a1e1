"""What happened before the tests of a file: a session of Mia's that was played once, from whose end each goes on."""

from dataclasses import dataclass

import pytest

from sessions_app.models import CheckoutSession


@dataclass(frozen=True)
class Played:
    """Where things are found, and when it was over, in seconds as of `time.time`."""

    mia: int
    mia_key: str
    session: int
    end: int

    def session_again(self) -> CheckoutSession:
        """As a test finds it."""
        return CheckoutSession.objects.get(pk=self.session)


@pytest.fixture(scope="module")
def played() -> Played | None:
    """Nothing, unless a file says what (`play_once`)."""
    return None
