"""For any history of transfers, collections, refunds and lost blocks the books say what a real node says."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chains_app.calls.chain_calls import Conditions
from common.errors import DomainError
from merchants_app.models import Merchant
from sessions_app.books.statement import Row, statement
from sessions_app.collecting.collecting import plan, see_collection
from sessions_app.collecting.compared import compare
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.reading.queries import session_for_buyer
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund, refund_call
from sessions_app.refunding.told import tell_transaction
from sessions_app.refunding.wishes import InAsset, Wish
from tests.cast import MIAS_WALLET, PATS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.journeys.test_odd_payments_on_anvil import FULL, Street
from tests.sessions_app.books.test_adding_up import undone_at_the_end

FINAL = DEVCHAIN.confirmations.normal + 1
ASSETS = ("USDC", "ETH")
PAID = {"USDC": FULL, "ETH": 10**16}
ACTS = ("pays", "pays", "becomes_final", "becomes_final", "is_collected", "goes_back", "is_lost")
FINALLY = [("becomes_final", 0, "USDC")]
histories = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 1), st.sampled_from(ASSETS)), min_size=4, max_size=8
)


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    """The treasury has coin for the fees of refunds, and tokens of its own."""
    with devchain() as made:
        made.deploy_factory()
        to, data = made.mint(made.usdc, MIAS_WALLET, 10**12)
        made.node.send(to=to, data=data)
        made.node.set_balance(MIAS_WALLET, 10**18)
        made.node.impersonate(MIAS_WALLET)
        made.node.mine(FINAL + 20)
        yield made


@dataclass
class World:
    """Two sessions of Mia's on the devchain."""

    chain: Devchain
    mia: Merchant
    streets: list[Street]
    told: list[str] = field(default_factory=list)  # transactions that are Mia's

    def pays(self, which: int, asset: str) -> None:
        self.streets[which].sends(PAID[asset] + which, asset)

    def becomes_final(self, which: int, _asset: str) -> None:
        self.chain.node.mine(FINAL)
        self.streets[which].looked()

    def is_collected(self, which: int, asset: str) -> None:
        """By somebody of Mia's, who says so, where anything waits."""
        with suppress(DomainError):
            conditions = Conditions(30_000_000, True)
            (call,) = plan(
                merchant=self.mia, mode="test", network=DEVCHAIN, assets=[asset], conditions=conditions
            ).calls
            sent = self.chain.node.send(to=call.to, data=call.data, gas=1_000_000)["transactionHash"]
            self.told.append(sent)
            see_collection(merchant=self.mia, mode="test", network=DEVCHAIN, tx_hash=sent, by="mia@example.com")
        self.streets[which].looked()

    def goes_back(self, which: int, asset: str) -> None:
        """A part of it from the treasury to the buyer, where there is so much."""
        session = leave_address(session_for_buyer(self.streets[which].session.page_token), PATS_WALLET)
        wish = Wish(network=DEVCHAIN.id, asset=asset, what=InAsset(Decimal("0.001")))
        with suppress(DomainError):
            refund = prepare_refund(session=session, wish=wish, actor="mia@example.com", now=timezone.now())
            call = refund_call(refund)
            sent = self.chain.node.send(to=call.to, data=call.data, value=call.value, sender=MIAS_WALLET)
            self.told.append(sent["transactionHash"])
            tell_transaction(refund, sent["transactionHash"], actor="mia@example.com")
        self.streets[which].looked()

    def is_lost(self, which: int, _asset: str) -> None:
        self.streets[which].loses(2)

    def lies(self, address: str, asset: str) -> int:
        node = self.chain.node
        return node.balance(address) if asset == "ETH" else node.token_balance(self.chain.usdc, address)

    def paid_for(self) -> int:
        """What the transactions cost that are there."""
        receipts = [self.chain.node.rpc("eth_getTransactionReceipt", [each]) for each in self.told]
        return sum(int(each["gasUsed"], 16) * int(each["effectiveGasPrice"], 16) for each in receipts if each)


@pytest.mark.django_db
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
@example(
    history=[
        ("pays", 0, "USDC"),
        ("pays", 1, "ETH"),
        *FINALLY,
        ("is_collected", 0, "USDC"),
        ("is_collected", 1, "ETH"),
        *FINALLY,
        ("goes_back", 0, "USDC"),
        *FINALLY,
        ("goes_back", 1, "ETH"),
        ("is_lost", 0, "USDC"),
        ("pays", 0, "ETH"),
    ]
)
def test_the_books_are_as_the_node_has_it(
    chain: Devchain, mia: Merchant, new_session: Callable[..., CheckoutSession], history: list[tuple[str, int, str]]
) -> None:
    with undone_at_the_end():
        world = World(chain, mia, [street_of(chain, new_session()) for _ in range(2)])
        had = world.lies(MIAS_WALLET, "USDC")
        for act, which, asset in history:
            getattr(world, act)(which, asset)
        for _ in range(3):  # what was lost is looked for again
            world.becomes_final(0, "")
        now = timezone.now()
        rows = {row.asset: row for row in statement(mia, "test", now.date().replace(day=1), now).rows}
        for asset, decimals in {"USDC": 6, "ETH": 18}.items():
            row = rows.get(asset)
            found = sum(world.lies(each.address, asset) for each in world.streets)
            assert closing_of(row) == Decimal(found).scaleb(-decimals)
        assert all(each.more == 0 for each in compare(mia, "test"))
        went = rows["USDC"].units.through_wallet if "USDC" in rows else 0
        assert went == Decimal(world.lies(MIAS_WALLET, "USDC") - had).scaleb(-6)
        fees = rows["ETH"].units.fees if "ETH" in rows else 0
        assert fees == Decimal(world.paid_for()).scaleb(-18)


def closing_of(row: Row | None) -> Decimal:
    """What lies there by the books, which add up."""
    if row is None:
        return Decimal(0)
    units = row.units
    assert row.closing == row.opening + units.received - units.taken_back - units.collected
    return row.closing


def street_of(chain: Devchain, session: CheckoutSession) -> Street:
    """USDC on the devchain is picked."""
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return Street(chain, refreshed(session)).looked()
