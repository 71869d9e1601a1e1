"""The measurement of `expiry`, on the database that it made. With `create` as an argument: the other process."""

import subprocess
import sys
import time
from datetime import timedelta

from django.utils import timezone

from bench.tools.figures import figure, least
from bench.tools.shop import TERMS, open_sessions, open_shop
from common.garbage import collect_rarely
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession
from sessions_app.selling.creation import create_session
from sessions_app.state.expiry import expire_due
from webhooks_app.models import Delivery, Event

ALONE_SECONDS, MOST_SECONDS = 5.0, 300.0
GOAL, GOAL_SHARE = 100_000 // 30, 0.7


def main() -> int:
    """Prints both figures."""
    overdue = int(sys.argv[1])
    now = timezone.now()
    open_sessions(open_shop(now), overdue, now=now - timedelta(hours=2), ends=now - timedelta(hours=1))
    with _creator() as creator:
        creator.communicate(timeout=60)
    alone = _created() / ALONE_SECONDS
    with _creator(MOST_SECONDS) as creator:
        first = _created()
        while _created() == first:  # until it has begun
            time.sleep(0.01)
        before, began = _created(), time.perf_counter()
        done = 0
        while time.perf_counter() - began < MOST_SECONDS and (expired := expire_due()):
            done += expired
        seconds = time.perf_counter() - began
        beside = (_created() - before) / seconds
        creator.terminate()
    assert Event.objects.filter(type="checkout.expired").count() == done == overdue
    assert Delivery.objects.filter(event__type="checkout.expired").count() == overdue
    good = figure(f"sessions expired, of {overdue:,}", overdue / seconds, "a second", goal=least(GOAL))
    share = beside / alone
    good &= figure("creating meanwhile", beside, "a second", ratio=share, floor="that alone", goal=least(GOAL_SHARE))
    return 0 if good else 1


def create(seconds: float) -> None:
    """One session after the other."""
    shop = Merchant.objects.get()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        create_session(merchant=shop, mode="test", terms=TERMS)


def _creator(seconds: float = ALONE_SECONDS) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.money.expiry_run", "create", str(seconds)])


def _created() -> int:
    return CheckoutSession.objects.filter(expires_at__gt=timezone.now()).count()


if __name__ == "__main__":
    collect_rarely()  # as workers and web processes do
    if sys.argv[1] == "create":
        create(float(sys.argv[2]))
        sys.exit(0)
    sys.exit(main())
