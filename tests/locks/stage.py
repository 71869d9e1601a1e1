"""Sessions at the points where a rule has something to do. On connections, so without the still clock of `sandbox`."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from chains_app.networks.networks import network
from chains_app.reading.reader import Transfer
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, DepositAddress, Letter, Payment
from sessions_app.owed.letters import Owed, owe
from sessions_app.paying.paying_again import BUYER
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.used_deposits import find_spare_deposits
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import News, cancel, reassess
from sessions_app.status import LetterKind
from sessions_app.watching.payments import record
from sessions_app.watching.sightings import take_in
from tests.cast import MIAS_WALLET, PATS_WALLET, agreed, refreshed

SANDBOX = network("sandbox")
SEEN = News(reason="Confirmed.")


def waiting_for_money(mia: Merchant) -> CheckoutSession:
    """It waits for 49.00 USDC on the sandbox."""
    made = create_session(merchant=mia, mode="test", terms=agreed())
    choose_option(session=made, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(made)


def written_to(mia: Merchant) -> CheckoutSession:
    """Its buyer is of Mia's own people: in test mode nobody else is sent letters."""
    return create_session(merchant=mia, mode="test", terms=agreed(email="mia@example.com"))


def paid(mia: Merchant) -> CheckoutSession:
    """The same, completed; no payment of it is on record."""
    session = written_to(mia)
    CheckoutSession.objects.filter(pk=session.pk).update(status="completed", completed_at=timezone.now())
    return refreshed(session)


def ended_unpaid(mia: Merchant) -> CheckoutSession:
    """Its buyer, who was shown where to send 49.00 USDC, gave up; the shop lets them pay again."""
    terms = agreed(reference="order-1", allowPayAgain=True)
    made = create_session(merchant=mia, mode="test", terms=terms)
    choose_option(session=made, asset="USDC", network="sandbox", now=timezone.now())
    cancel(made, actor=BUYER)
    return refreshed(made)


def owed_letter(mia: Merchant) -> Letter:
    """A letter to a live buyer that waits to be sent."""
    session = create_session(merchant=mia, mode="live", terms=agreed())
    owe([Owed(session=session, kind=LetterKind.REFUND_ADDRESS)], now=timezone.now())
    return Letter.objects.get(session=session)


def two_of_an_order(mia: Merchant) -> tuple[CheckoutSession, CheckoutSession]:
    """Each waits for 49.00 USDC: one that was cancelled, and the one made after it."""
    made = []
    for _ in range(2):
        made.append(create_session(merchant=mia, mode="test", terms=agreed(reference="order-1")))
        choose_option(session=made[-1], asset="USDC", network="sandbox", now=timezone.now())
        if len(made) == 1:
            cancel(made[0])
    return refreshed(made[0]), refreshed(made[1])


def transfer_to(session: CheckoutSession, amount: str, *, block: int = 1) -> Transfer:
    """One movement of so many USDC; the same one whatever the block."""
    return Transfer(
        network="sandbox",
        asset="USDC",
        tx_hash=f"{session.public_id}0x01",
        log_index=0,
        sender=MIAS_WALLET,
        recipient=session.deposit.address,
        amount_units=int(Decimal(amount) * 10**6),
        block_number=block,
        block_hash=f"0x{block}",
        block_time=timezone.now(),
    )


def shown(session: CheckoutSession, amount: str) -> Payment:
    """A payment on record, of which the session has not been told."""
    record(SANDBOX, take_in(SANDBOX, [transfer_to(session, amount)], timezone.now()))
    return Payment.objects.select_related("session__deposit").get(session=session)


def confirmed(session: CheckoutSession, amount: str) -> Payment:
    """The same, with all the blocks on it that it needs."""
    payment = shown(session, amount)
    now = timezone.now()
    Payment.objects.filter(pk=payment.pk).update(confirmed_at=now, first_confirmed_at=now)
    return payment


def overpaid(mia: Merchant) -> CheckoutSession:
    """11.00 too much arrived, and a refund may go to Pat."""
    session = waiting_for_money(mia)
    confirmed(session, "60.00")
    CheckoutSession.objects.filter(pk=session.pk).update(refund_address=PATS_WALLET)
    return reassess(session.pk, SEEN)


def underpaid(mia: Merchant) -> CheckoutSession:
    """20.00 arrived, and its time is over."""
    session = waiting_for_money(mia)
    confirmed(session, "20.00")
    over_since(session, minutes=1)
    return reassess(session.pk, SEEN)


def rested(mia: Merchant) -> CheckoutSession:
    """Paid, collected and over for so long that its deposit may serve again: it is listed as that."""
    Merchant.objects.filter(pk=mia.pk).update(reuse_after_days=8)
    mia.refresh_from_db()
    session = waiting_for_money(mia)
    confirmed(session, "49.00")
    reassess(session.pk, SEEN)
    over = timezone.now() - timedelta(days=30)
    Payment.objects.filter(session=session).update(collected_at=over, collected_tx="0xc0", arrived_at=over)
    CheckoutSession.objects.filter(pk=session.pk).update(watch_until=over, expires_at=over - timedelta(days=7))
    DepositAddress.objects.filter(session=session).update(watch_until=over, created_at=over - timedelta(days=8))
    find_spare_deposits(timezone.now())
    return refreshed(session)


def over_since(session: CheckoutSession, *, minutes: int) -> CheckoutSession:
    """Its time ran out so long ago, and nobody has looked."""
    CheckoutSession.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(minutes=minutes))
    return refreshed(session)
