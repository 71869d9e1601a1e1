"""Faces of a payment that the page was told of: by how long ago that was, and what became of it."""

from datetime import timedelta

from django.utils import timezone

from sessions_app.models import Announcement, Fate
from sessions_app.paying.announcing import announce
from tests.pages.stage import Face, Scene, Stage, at, page_of

HASH = "0x" + "9c41e07b5d2f38a6" * 4


def _told(
    tx_hash: str = HASH, *, minutes: int = 0, fate: Fate | None = None, at_minute: int = 0, over: bool = False
) -> Face:
    """So many minutes ago; `at_minute`: of the session's time, which is `over` since."""

    def face(stage: Stage) -> Scene:
        stage.real_networks()
        session = stage.picked(on="base-sepolia")
        stage.sandbox.skip(minutes=at_minute)
        announce(session, tx_hash=tx_hash, amount="49.00 USDC", now=timezone.now())
        if fate:
            became = {"set_aside": tx_hash} if fate == Fate.SET_ASIDE else {"fate": fate, "fate_of": tx_hash}
            Announcement.objects.filter(session=session).update(**became)
        stage.sandbox.skip(minutes=61 - at_minute if over else minutes)
        return at(page_of(session))

    return face


def _doubted(stage: Stage) -> Scene:
    stage.real_networks()
    session = stage.picked(on="base-sepolia")
    announce(session, tx_hash=HASH, amount="49.00 USDC", now=timezone.now() - timedelta(minutes=61))
    return at(page_of(session))


FATES: dict[str, Face] = {
    "sent-waiting": _told(),
    "sent-slow": _told(minutes=12),
    "sent-known": _told(minutes=12, fate=Fate.WAITING),
    "sent-no-payment": _told(minutes=12, fate=Fate.DONE),
    "sent-replaced": _told(fate=Fate.SET_ASIDE),
    "sent-exchange": _told(""),
    "send-refused": _told(fate=Fate.REVERTED),
    "send-doubted": _doubted,
    "expired-looked-for": _told(at_minute=59, over=True),
    "expired-doubted": _told("", over=True, at_minute=0),
}
