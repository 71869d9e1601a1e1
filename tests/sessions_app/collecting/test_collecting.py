"""What a transaction on a chain has collected: all that was there by then, once, and nothing that waits elsewhere."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chains_app.calls.chain_calls import COLLECTIONS, Emptied
from chains_app.models import ScanCursor, SetAside
from chains_app.networks.networks import Network, network
from chains_app.reading.reader import Block, Doubt, ReaderUnavailable
from chains_app.reading.scanning import Position, Scan, save_cursor
from chains_app.reading.set_aside import set_aside
from chains_app.receiving.deposits import Collection
from merchants_app.models import AuditEntry, Merchant
from sessions_app.collecting import collecting, watch
from sessions_app.collecting.collecting import NotCollectedYet, emptied_payments, see_collection
from sessions_app.models import CheckoutSession, Payment
from tests.cast import MIAS_WALLET
from tests.fake_node import FakeNode
from tests.locks.stage import confirmed, waiting_for_money
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
SEPOLIA = network("sepolia")
TX = "0x01"


@pytest.fixture
def session(mia: Merchant) -> CheckoutSession:
    """49.00 USDC arrived for it in block 1 of Sepolia."""
    made = waiting_for_money(mia)
    confirmed(made, "49.00")
    Payment.objects.filter(session=made).update(network="sepolia")
    return made


def emptied(session: CheckoutSession, on: Network = SEPOLIA) -> Emptied:
    """All its USDC left in block 1."""
    token = on.assets["USDC"].contract or ""
    gone = Collection(MIAS_WALLET, session.deposit.address, token, 49_000_000, True)
    return Emptied(gone, block_number=1, tx_hash=TX)


def see(merchant: Merchant) -> int:
    return see_collection(merchant=merchant, mode="test", network=SEPOLIA, tx_hash=TX, by="somebody")


def test_what_left_is_noted_for_whom_it_was_and_once_it_is_final_never_again(
    mia: Merchant, otto: Merchant, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "collections_of", lambda network, hashes: {TX: [emptied(session)]})
    with pytest.raises(NotCollectedYet, match="nothing of yours"):
        see(otto)
    assert see(mia) == 1
    Payment.objects.filter(session=session).update(collected_at=timezone.now())
    with pytest.raises(NotCollectedYet, match="nothing of yours that still waits"):
        see(mia)
    assert own(AuditEntry).filter(action="payments.collected").count() == 1


def test_money_in_no_block_has_not_left(session: CheckoutSession) -> None:
    (payment,) = emptied_payments(SEPOLIA, [emptied(session)])
    assert (payment.session_id, payment.collected_tx) == (session.pk, TX)
    Payment.objects.filter(session=session).update(block_number=None, block_hash="")
    assert emptied_payments(SEPOLIA, [emptied(session)]) == []


def test_two_payments_in_one_deposit_are_one_deposit(mia: Merchant, session: CheckoutSession) -> None:
    again = session.payments.get()
    again.pk, again.public_id, again.log_index = None, "pay_again", again.log_index + 1
    again.save(force_insert=True)
    (balance,) = collecting.balances(mia, "test")
    assert (balance.deposits, balance.amount_units) == (1, 98_000_000)


LAST = 10_000  # the last block that is final enough, of a network whose normal payments need three
OLDEST = LAST - 7  # where what waits came


@pytest.mark.parametrize(
    ("read", "asked"),
    [
        (None, (OLDEST, LAST)),
        (LAST - 2, (LAST - 1, LAST)),
        (LAST - 1, (LAST, LAST)),
        (LAST, None),
        (LAST + 1, (OLDEST, LAST)),  # of another chain
        (LAST - 5_000, (LAST - 4_999, LAST)),  # as far back as one look reads
        (LAST - 5_001, (OLDEST, LAST)),  # nobody looked for long
    ],
)
def test_collections_are_read_from_where_they_were_read(
    session: CheckoutSession, monkeypatch: pytest.MonkeyPatch, read: int | None, asked: tuple[int, int] | None
) -> None:
    Payment.objects.filter(session=session).update(network="devchain", block_number=OLDEST)
    ScanCursor.objects.create(network="devchain", block_number=LAST + 3, block_hash="0x3", collections_read=read)
    calls: list[tuple[int, int]] = []

    def between(on: Network, first: int, last: int, **wanted: object) -> tuple[list[Emptied], list[Doubt]]:
        assert wanted == {"deposits": [session.deposit.address]}
        calls.append((first, last))
        return [], []

    monkeypatch.setattr(watch, "collections_between", between)
    watch.follow_collections(network("devchain"))
    assert calls == ([asked] if asked else [])
    assert ScanCursor.objects.get(pk="devchain").collections_read == (LAST if asked else read)


def test_what_was_asked_of_a_branch_that_was_given_up_meanwhile_is_asked_again(
    session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    devchain, now = network("devchain"), timezone.now()
    Payment.objects.filter(session=session).update(network="devchain", block_number=OLDEST)
    ScanCursor.objects.create(network="devchain", block_number=LAST + 3, block_hash="0x3", collections_read=LAST - 4)
    given_up = Scan(
        network=devchain, began_at=Position(LAST + 3, "0x3"), first=LAST - 1, last=LAST + 4,
        head=Block(LAST + 4, "0x4", now), end=Position(LAST + 4, "0x4"), below=None, transfers=(), pending=(),
        doubts=(), replaced_from=LAST - 1,
    )  # fmt: skip

    def between(*_: object, **__: object) -> tuple[list[Emptied], list[Doubt]]:
        save_cursor(given_up, now=now)
        return [], []

    monkeypatch.setattr(watch, "collections_between", between)
    watch.follow_collections(devchain)
    assert ScanCursor.objects.get(pk="devchain").collections_read == LAST - 4


def test_no_watcher_waits_while_the_payments_are_looked_through(
    session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursor, which each of them needs, is not held."""
    Payment.objects.filter(session=session).update(network="devchain")
    ScanCursor.objects.create(network="devchain", block_number=LAST, block_hash="0x3")
    monkeypatch.setattr(watch, "collections_between", lambda *_, **__: ([], []))
    with CaptureQueriesContext(connection) as asked:
        watch.follow_collections(network("devchain"))
    statements = [each["sql"] for each in asked]
    locks = [place for place, each in enumerate(statements) if "UPDATE" in each and "scancursor" in each]
    assert [place for place, each in enumerate(statements) if "sessions_app_payment" in each][-1] < locks[0]


@pytest.mark.parametrize(("name", "cursor"), [("sandbox", {"block_hash": "0x3"}), ("devchain", {}), ("devchain", None)])
def test_nothing_is_asked_of_what_is_no_chain_or_was_never_read(
    session: CheckoutSession, monkeypatch: pytest.MonkeyPatch, name: str, cursor: dict[str, str] | None
) -> None:
    Payment.objects.filter(session=session).update(network=name)
    if cursor is not None:
        ScanCursor.objects.update_or_create(network=name, defaults={"block_number": 9, **cursor})
    before = ScanCursor.objects.filter(pk=name).values_list("collections_read", flat=True).first()
    with FakeNode() as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        watch.follow_collections(network(name))
    assert node.calls == []
    assert ScanCursor.objects.filter(pk=name).values_list("collections_read", flat=True).first() == before


ODD = Doubt(what=COLLECTIONS, place="block 7", first=7, last=8, address="", why="They cannot be listed.")


@pytest.mark.parametrize(
    ("answer", "why", "is_settled", "collected"),
    [
        ("away", "It is away.", False, ""),
        ("odd", "They cannot be listed.", False, TX),
        ("well", "They could not be listed before.", True, TX),
    ],
)
def test_what_a_node_did_not_list_is_asked_for_until_it_does(
    session: CheckoutSession, monkeypatch: pytest.MonkeyPatch, answer: str, why: str, is_settled: bool, collected: str
) -> None:
    """What it does list meanwhile has been collected."""
    devchain = network("devchain")
    Payment.objects.filter(session=session).update(network="devchain")
    set_aside(devchain, [replace(ODD, why="They could not be listed before.")], timezone.now())
    row = SetAside.objects.get(network="devchain", what=COLLECTIONS)

    def between(on: Network, first: int, last: int, **wanted: object) -> tuple[list[Emptied], list[Doubt]]:
        assert (on, first, last) == (devchain, 7, 8)
        if answer == "away":
            raise ReaderUnavailable("It is away.")
        return [emptied(session, on)], [ODD] if answer == "odd" else []

    monkeypatch.setattr(watch, "collections_between", between)
    watch.read_collections_again(devchain, row)
    row.refresh_from_db()
    assert (row.why, row.settled_at is not None, row.tries) == (why, is_settled, 1)
    assert session.payments.get().collected_tx == collected
