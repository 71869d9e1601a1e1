"""The cases of docs/architecture.md, row by row, with real transactions on a real node, as on the sandbox."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from chains_app.calls.readers import reader_for
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.state.lifecycle import cancel, expire
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch
from tests.cast import refreshed
from tests.chains_app.node_cast import CONTRACTS, DEVCHAIN, Devchain, devchain
from tests.sandbox import events_of
from tests.sessions_app.state.invariants import check_session

pytestmark = pytest.mark.django_db

FULL, SHORT, REST, OVER = 49 * 10**6, 44_100_000, 4_900_000, 73_500_000
ETHER_FOR_49 = 49 * 10**18 // 2500
PAID = ["created", "processing", "completed"]


class Street:
    """A buyer, a merchant and a watcher on the devchain, about one session."""

    def __init__(self, chain: Devchain, session: CheckoutSession) -> None:
        self.chain, self.node, self.id = chain, chain.node, session.pk
        self.tokens = {"USDC": chain.usdc, "USDT": chain.usdt}

    @property
    def session(self) -> CheckoutSession:
        return CheckoutSession.objects.get(pk=self.id)

    @property
    def address(self) -> str:
        return str(self.session.deposit.address)

    def sends(self, units: int, asset: str = "USDC") -> "Street":
        """The buyer sends so much; it is seen."""
        if asset == "ETH":
            self.chain.pay_ether(self.address, units)
        else:
            self.chain.pay(self.tokens[asset], self.address, units)
        return self.looked()

    def confirmed(self) -> "Street":
        """As many blocks follow as a small amount needs."""
        self.node.mine(DEVCHAIN.confirmations.small)
        return self.looked()

    def pays(self, units: int, asset: str = "USDC") -> "Street":
        return self.sends(units, asset).confirmed()

    def ends(self, how: Callable[[CheckoutSession], object] = expire) -> "Street":
        """The session is over, and the chain's next block is later than that."""
        how(self.session)
        self.node.rpc("evm_increaseTime", [2])
        return self

    def loses(self, blocks: int) -> "Street":
        """The newest blocks are replaced by empty ones."""
        self.node.reorg(blocks)
        return self.looked()

    def looked(self) -> "Street":
        """The watcher follows to the head, and the books are kept."""
        while watch(DEVCHAIN, reader_for(DEVCHAIN)):
            pass
        look_again(DEVCHAIN)
        return self


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def street(chain: Devchain, new_session: Callable[..., CheckoutSession]) -> Street:
    """USDC or ETH are taken, USDT is not; USDC on the devchain is picked."""
    session = new_session(allowedAssets=["USDC", "ETH"])
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return Street(chain, refreshed(session)).looked()


# what happens, then: status, paymentStatus, issue, needsDecision, events after `created`
ROWS: dict[str, tuple[Callable[[Street], Street], tuple[str, str, str | None, bool], list[str]]] = {
    "exactly, seen": (lambda s: s.sends(FULL), ("processing", "paid", None, False), ["processing"]),
    "exactly": (lambda s: s.pays(FULL), ("completed", "paid", None, False), ["processing", "completed"]),
    "short": (lambda s: s.pays(SHORT), ("open", "partial", None, False), ["partially_paid"]),
    "short, then the rest": (
        lambda s: s.pays(SHORT).pays(REST),
        ("completed", "paid", None, False),
        ["partially_paid", "processing", "completed"],
    ),
    "short by the tolerance": (
        lambda s: s.pays(FULL - 490_000),
        ("completed", "paid", None, False),
        ["processing", "completed"],
    ),
    "short at expiry": (
        lambda s: s.pays(SHORT).ends(),
        ("expired", "partial", "underpaid", True),
        ["partially_paid", "expired", "issue_opened"],
    ),
    "too much": (
        lambda s: s.pays(OVER),
        ("completed", "overpaid", "overpaid", True),
        ["processing", "completed", "issue_opened"],
    ),
    "late, in full": (
        lambda s: s.ends().pays(FULL),
        ("completed", "paid", "late", False),
        ["expired", "processing", "completed"],
    ),
    "late, short": (
        lambda s: s.ends().pays(SHORT),
        ("expired", "partial", "late", True),
        ["expired", "issue_opened"],
    ),
    "cancelled, then in full": (
        lambda s: s.ends(cancel).pays(FULL),
        ("completed", "paid", "late", False),
        ["cancelled", "processing", "completed"],
    ),
    "cancelled, then short": (
        lambda s: s.ends(cancel).pays(SHORT),
        ("cancelled", "partial", "late", True),
        ["cancelled", "issue_opened"],
    ),
    "in another asset than picked": (
        lambda s: s.pays(ETHER_FOR_49, "ETH"),
        ("completed", "paid", None, False),
        ["processing", "completed"],
    ),
    "in an asset that is not taken, of a token that returns nothing": (
        lambda s: s.pays(FULL, "USDT"),
        ("open", "unpaid", "wrong_asset", True),
        ["issue_opened"],
    ),
    "gone before completion": (
        lambda s: s.sends(FULL).loses(1),
        ("open", "unpaid", None, False),
        ["processing", "payment.reversed"],
    ),
    "gone after completion": (
        lambda s: s.pays(FULL).loses(3),
        ("completed", "unpaid", "reversed", True),
        ["processing", "completed", "payment.reversed", "issue_opened"],
    ),
    "gone, then sent again": (
        lambda s: s.sends(FULL).loses(1).pays(FULL),
        ("completed", "paid", None, False),
        ["processing", "payment.reversed", "processing", "completed"],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_table(street: Street, row: str) -> None:
    happens, outcome, events = ROWS[row]
    session = happens(street).session
    assert (session.status, session.payment_status, session.issue, session.needs_decision) == outcome
    assert events_of(session) == ["created", *events]
    check_session(session)


def test_a_second_payment_after_completion_waits_for_a_decision(street: Street) -> None:
    street.pays(FULL).node.rpc("evm_increaseTime", [2])
    session = street.pays(FULL).session
    assert (session.status, session.issue, session.needs_decision) == ("completed", "paid_twice", True)
    assert events_of(session) == [*PAID, "issue_opened"]


def test_a_token_that_only_calls_itself_usdc_is_ignored(street: Street) -> None:
    fake = street.chain.node.deploy(CONTRACTS["TestUSDC"])
    street.node.execute(fake, "mint(address,uint256)", street.address, FULL)
    session = street.confirmed().session
    assert (session.status, session.payments.count(), events_of(session)) == ("open", 0, ["created"])


def test_ether_from_inside_a_contract_counts(street: Street) -> None:
    street.chain.pay_from_inside([street.address], ETHER_FOR_49)
    session = street.looked().confirmed().session
    assert (session.status, session.payments.get().log_index) == ("completed", -2)


def test_a_token_that_anybody_can_mint_without_limit_stops_nobody(street: Street) -> None:
    street.node.execute(street.chain.usdc, "mint(address,uint256)", street.address, 2**255)
    street.looked().node.mine(DEVCHAIN.confirmations.large)
    session = street.looked().session
    assert (session.payment_status, session.issue) == ("overpaid", "overpaid")


def test_a_payment_is_followed_into_another_block_when_its_watch_has_ended(street: Street) -> None:
    street.sends(FULL)
    deposit = street.session.deposit
    deposit.watch_until = timezone.now()
    deposit.save()
    session = street.confirmed().session
    assert events_of(session) == PAID
