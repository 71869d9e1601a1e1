"""After the database went back in time: addresses that were shown to buyers since, which it does not know, go to nobody
else. Whoever pays there would pay for a stranger."""

from datetime import datetime, timedelta
from math import ceil

from django.db.models import Count

from merchants_app.models import Installation
from merchants_app.treasuries.treasuries import leave_out
from sessions_app.models import DepositAddress, SpareDeposit

# Indexes of an extended public key that are left out: so many at least, and more where its last week says so.
LEAST = 1_000
PACE_OF = timedelta(days=7)
TIMES = 3  # a shop may sell faster than in that week


def leave_out_addresses(now: datetime) -> None:
    """Leaves out what may have been given out between the last address that this database knows, and now."""
    # Whose contract is whose, nobody knows of any that is there: all of them serve on as they do, and then no more.
    newest = DepositAddress.objects.order_by("-pk").values_list("pk", flat=True).first()
    Installation.objects.update(not_reused=newest or 0)
    SpareDeposit.objects.all().delete()
    given = _given_lately(now)
    leave_out(lambda account: max(LEAST, given.get(account, 0)))


def _given_lately(now: datetime) -> dict[int, int]:
    """By xpub's account, how many would have been given out since at the pace of the last week, times the margin."""
    last = DepositAddress.objects.order_by("-pk").values_list("created_at", flat=True).first()
    if last is None:
        return {}
    factor = TIMES * max(now - last, timedelta(0)) / PACE_OF
    lately = DepositAddress.objects.filter(derivation_index__isnull=False, created_at__gt=last - PACE_OF)
    counted = lately.order_by().values_list("session__treasury__account").annotate(Count("id"))
    return {account: ceil(number * factor) for account, number in counted}
