"""Behind PgBouncer in transaction mode: a shop sells, is told, pays back and reads its books; nothing crosses over."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone

from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from common.postgresql import poolers
from merchants_app.models import Merchant
from sessions_app.models import Payment
from sessions_app.watching.watcher import watch
from tests.cast import PATS_WALLET, Api, terms
from tests.desk import Desk, owner_of
from tests.races import race
from tests.strangers.world import own
from tests.waiting import wait_until
from tests.webhooks_app.conftest import Listener
from tests.webhooks_app.receiver import Receiver
from webhooks_app.sending.thread import SenderThread

pytestmark = pytest.mark.usefixtures("pooled")
CLIENTS = 8


@pytest.fixture
def sender(pooled: None) -> Iterator[SenderThread]:
    """One whose connections go by the pooler."""
    running = SenderThread()
    running.start()
    yield running
    running.stop()


def test_a_shop_sells_to_many_at_once_is_told_pays_back_and_reads_its_books(
    sender: SenderThread, mia: Merchant, api: Api, receiver: Receiver, listen: Callable[..., Listener]
) -> None:
    listen()

    def sell() -> str:
        own = Api(api.secret)
        made = own.post("checkout", terms(), Idempotency_Key=str(id(own))).answer
        # As often as the driver takes to prepare what it asks.
        assert {own.get(f"checkout/sessions/{made['id']}").answer["id"] for _ in range(8)} == {made["id"]}
        quote = f"checkout/{made['id']}/quote", {"asset": "USDC", "network": "sandbox"}
        first, again = (own.post(*quote, Idempotency_Key=f"quote-{id(own)}") for _ in range(2))
        assert (first.status_code, again["Idempotent-Replayed"], again.content) == (200, "true", first.content)
        assert own.post(f"checkout/{made['id']}/simulate", {"scenario": "exact"}).status_code == 200
        return str(made["id"])

    sold = race(*[sell] * CLIENTS)
    assert all(isinstance(each, str) for each in sold), sold

    def look() -> bool:
        watch(network("sandbox"), reader_for(network("sandbox")))
        return own(Payment).exclude(confirmed_at=None).count() == CLIENTS

    wait_until(look, seconds=20)
    wait_until(lambda: sum(b"checkout.completed" in each.body for each in receiver.messages) == CLIENTS)
    refund = api.post(f"checkout/{sold[0]}/refunds", {"amount": 10, "address": PATS_WALLET}, Idempotency_Key="refund")
    assert refund.status_code == 201, refund.answer
    today = f"{timezone.now():%Y-%m-%d}"
    file = Desk(owner_of(mia)).client.post(
        f"/dashboard/{mia.public_id}/test/books/exports",
        {"what": "payments", "first": today, "last": today, "format": "csv"},
    )
    rows = b"".join(file.streaming_content).splitlines()
    file.close()
    assert len(rows) == 1 + CLIENTS
    assert not connection.in_atomic_block


def test_what_is_read_in_pieces_stays_on_one_connection(mia: Merchant) -> None:
    pieces = poolers.read_in_pieces(Merchant.objects.filter(pk=mia.pk), size=1)
    assert [each.pk for each in pieces] == [mia.pk]
    begun = poolers.read_in_pieces(Merchant.objects.filter(pk=mia.pk), size=1)
    next(begun)
    assert connection.in_atomic_block
    begun.close()
    assert not connection.in_atomic_block


def test_a_pooler_that_nobody_named_is_refused_in_a_sentence(settings: LazySettings) -> None:
    poolers.refuse_unnamed_pooler()
    settings.DATABASE_POOLER = ""
    with pytest.raises(SystemExit, match="DATABASE_POOLER=transaction"):
        poolers.refuse_unnamed_pooler()


def test_no_lock_is_left_behind() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (0,)
