"""Deposit contracts that were collected serve further sessions of their treasury, where a business wants that.

A contract that is there already costs the buyer and whoever collects less gas. The price is privacy: its address links
the orders that were paid to it. So a business switches it on, and a contract rests longer than it was watched before
somebody else is shown its address. `holders` (in watching) says whose money is whose all the same.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from chains_app.networks.networks import Network
from chains_app.reading.health import CLOCKS_DIFFER_BY
from merchants_app.models import Installation, Merchant, TreasuryKind
from sessions_app.models import CheckoutSession, DepositAddress, Payment, Refund, SpareDeposit
from sessions_app.status import LIVE, RefundStatus, Status

# Of each business, in one look; and of those that are found, which one session tries before it takes a new one.
_MOST_AT_ONCE = 2_000
_TRIES = 5
_DONE = (RefundStatus.CONFIRMED, RefundStatus.WITHDRAWN)


def find_spare_deposits(now: datetime) -> int:
    """Lists contracts that may serve again from now on; returns how many. Those that were listed while somebody took
    them are listed no longer."""
    SpareDeposit.objects.exclude(deposit__passed_on_at=None).delete()
    return sum(_find(merchant, now) for merchant in Merchant.objects.exclude(reuse_after_days=None))


def take_used_deposit(session: CheckoutSession, network: Network, now: datetime) -> DepositAddress | None:
    """Gives the session a contract of its treasury that is on this network already; None when none is free.

    Within a transaction. Two sessions never get the same one, and nobody waits for another. Raises IntegrityError when
    the session got an address meanwhile.
    """
    spare = {"spare_on__treasury": session.treasury_id, "spare_on__network": network.id}
    for _ in range(_TRIES):
        free = DepositAddress.objects.select_for_update(of=("self",), skip_locked=True).filter(passed_on_at=None)
        found = free.filter(**spare).order_by("spare_on__id").first()
        if found is None:
            return None
        SpareDeposit.objects.filter(deposit=found).delete()
        # Asked again under the lock: what the watcher stores for this address is seen here, or waits.
        if _rested(session.merchant, now).filter(pk=found.pk).exists():
            return _pass_on(found, session, now)
    return None


def is_deployed(deposit: DepositAddress, network_id: str) -> bool:
    """Whether the contract is there on this network: by an earlier session, or by what came for this one."""
    to_it = Payment.objects.filter(session__deposit__address=deposit.address, network=network_id)
    return to_it.filter(collected_at__isnull=False).exists()


def earlier_session(deposit: DepositAddress) -> str:
    """The id of the session that had the address before; empty when none had."""
    before = DepositAddress.objects.filter(address=deposit.address, pk__lt=deposit.pk).order_by("-pk")
    return (before.values_list("session__public_id", flat=True).first() or "") if deposit.made_for else ""


def _pass_on(former: DepositAddress, session: CheckoutSession, now: datetime) -> DepositAddress:
    made_for = former.made_for or former.session.public_id
    # Blocks tell whole seconds, and may be behind our clock. Who pays at once pays for the later session; after all the
    # rest nobody else is likely to.
    since = now.replace(microsecond=0) - CLOCKS_DIFFER_BY
    former.passed_on_at = since
    former.save(update_fields=["passed_on_at"])
    return DepositAddress.objects.create(
        session=session,
        address=former.address,
        made_for=made_for,
        watch_until=session.watch_until,
        created_at=since,
    )


def _find(merchant: Merchant, now: datetime) -> int:
    rested = _rested(merchant, now).filter(spare_on=None).order_by("id")[:_MOST_AT_ONCE]
    found = {address: key for address, *key in rested.values_list("address", "pk", "session__treasury")}
    # It exists on the networks that it was collected on.
    collected = Payment.objects.filter(
        session__deposit__address__in=found, vanished_at=None, collected_at__isnull=False
    )
    places = collected.values_list("session__deposit__address", "network").order_by().distinct()
    made = []
    for address, network in places:
        deposit, treasury = found[address]
        made.append(SpareDeposit(deposit_id=deposit, treasury_id=treasury, network=network))
    return len(SpareDeposit.objects.bulk_create(made, ignore_conflicts=True))


def _rested(merchant: Merchant, now: datetime) -> QuerySet[DepositAddress]:
    """Contracts that were collected, of which nothing is open, and which rested for long.

    Their last session is paid and over, or nothing was ever paid to it.
    """
    rests = timedelta(days=merchant.reuse_after_days or 0)
    to_it = {"session__deposit__address": OuterRef("address")}
    waiting = Payment.objects.filter(**to_it, vanished_at=None, collected_at=None)
    collected = Payment.objects.filter(**to_it, vanished_at=None, collected_at__isnull=False)
    unpaid = ~Exists(Payment.objects.filter(session=OuterRef("session"))) & ~Q(made_for="")
    refunds = Refund.objects.filter(**to_it).exclude(status__in=_DONE)
    same = DepositAddress.objects.filter(address=OuterRef("address"))
    unsettled = same.filter(Q(session__needs_decision=True) | Q(session__status__in=LIVE))
    watched = F("watch_until") - F("session__expires_at")
    known = Installation.objects.values("not_reused")[:1]
    return DepositAddress.objects.filter(
        Q(session__status=Status.COMPLETED) | Q(unpaid, session__status__in=(Status.EXPIRED, Status.CANCELLED)),
        Exists(collected),
        ~Exists(waiting),
        ~Exists(refunds),
        ~Exists(unsettled),
        pk__gt=Coalesce(Subquery(known), 0),
        passed_on_at=None,
        derivation_index=None,
        watch_until__lt=now - rests,
        session__merchant=merchant,
        session__treasury__kind=TreasuryKind.ADDRESS,
        session__issue=None,
    ).alias(as_long_again=F("watch_until") + watched).filter(as_long_again__lt=now)  # fmt: skip
