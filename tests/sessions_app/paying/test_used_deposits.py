"""A deposit contract that was collected, watched to the end and has rested serves another session of its treasury."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from chains_app.receiving.deposits import deposit_address
from chains_app.sandbox.chain import mine, send
from checkout_project.restoring.noticing import hold
from merchants_app.models import Merchant, Treasury
from sessions_app.collecting.collecting import balances, play_collection
from sessions_app.errors import NothingToDecide, OptionUnavailable
from sessions_app.models import CheckoutSession, Decision, DepositAddress, Refund, SpareDeposit
from sessions_app.paying.decisions import case_of, decide
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.scenarios import simulate
from sessions_app.paying.used_deposits import earlier_session, find_spare_deposits
from sessions_app.status import DecisionKind
from sessions_app.tasks import find_used_deposits as job
from tests.cast import MIAS_WALLET, PATS_WALLET, refreshed
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, sandbox_at
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
NewSession = Callable[..., CheckoutSession]
WATCH, REST = 7, 8
OVER = WATCH + REST + 1


@pytest.fixture
def saving(mia: Merchant) -> Merchant:
    """Mia wants it: eight days after the watch."""
    Merchant.objects.filter(pk=mia.pk).update(reuse_after_days=REST)
    mia.refresh_from_db()
    return mia


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Paid and collected just now."""
    played = play_once("exact")
    with sandbox_at(played.end) as sandbox:
        collect(sandbox, Merchant.objects.get(pk=played.mia))
    return played


def paid(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    return sandbox.play(session, "exact", seconds=8)


def collect(sandbox: Sandbox, mia: Merchant) -> None:
    play_collection(
        merchant=mia, mode="test", network=sandbox.network, assets=sandbox.network.assets, by="mia", now=timezone.now()
    )


@pytest.fixture
def former(sandbox: Sandbox, saving: Merchant, played: Played) -> CheckoutSession:
    """That session, whose deposit may serve again."""
    assert played.session_again().status == "completed"
    return played.session_again()


def rests(sandbox: Sandbox, days: int = OVER) -> None:
    """So much time passes, and the clock's job has looked."""
    sandbox.skip(days=days, hours=1)
    find_spare_deposits(timezone.now())


def picks(session: CheckoutSession) -> CheckoutSession:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    return refreshed(session)


def test_a_rested_deposit_serves_a_later_session_and_both_know_whose_contract_it_is(
    sandbox: Sandbox, former: CheckoutSession, new_session: NewSession
) -> None:
    picks(new_session())  # at an address of its own
    rests(sandbox)
    later = picks(new_session())
    assert later.deposit.address == former.deposit.address
    assert (later.deposit.made_for, later.deposit.passed_on_at) == (former.public_id, None)
    assert earlier_session(later.deposit) == former.public_id
    assert deposit_address(session_id=former.public_id, treasury=MIAS_WALLET) == later.deposit.address
    since = timezone.now().replace(microsecond=0) - timedelta(minutes=2)
    assert refreshed(former).deposit.passed_on_at == later.deposit.created_at == since
    assert picks(new_session()).deposit.address != former.deposit.address
    assert not own_spares().exists()


def own_spares() -> QuerySet[SpareDeposit]:
    return SpareDeposit.objects.filter(deposit__in=own(DepositAddress))


def test_it_serves_a_third_after_the_second(
    sandbox: Sandbox, saving: Merchant, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    second = paid(sandbox, picks(new_session()))
    assert second.status == "completed"
    collect(sandbox, saving)
    rests(sandbox)
    third = picks(new_session())
    assert (third.deposit.address, third.deposit.made_for) == (former.deposit.address, former.public_id)


def test_one_that_nobody_paid_to_serves_again(
    sandbox: Sandbox, saving: Merchant, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    abandoned = picks(new_session())
    fresh = picks(new_session())  # nothing was ever made there
    sandbox.skip(hours=2)
    sandbox.look()
    assert [refreshed(each).status for each in (abandoned, fresh)] == ["expired", "expired"]
    rests(sandbox, days=WATCH)
    assert not own_spares().exists()
    rests(sandbox)
    assert [each.deposit.session for each in own_spares()] == [abandoned]
    later = paid(sandbox, picks(new_session()))
    assert (later.status, later.deposit.made_for) == ("completed", former.public_id)
    sandbox.send_to(later.deposit.address, "1.00")
    rests(sandbox)
    assert not own_spares().exists()  # paid to, and not collected yet


def test_one_that_is_listed_while_it_is_taken_is_listed_no_longer(
    sandbox: Sandbox, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    picks(new_session())
    SpareDeposit.objects.create(deposit=former.deposit, treasury=former.treasury, network="sandbox")
    find_spare_deposits(timezone.now())
    assert not own_spares().exists()


NOT_YET: dict[str, Callable[[CheckoutSession], object]] = {
    "money lies in it": lambda s: s.payments.update(collected_at=None, collected_tx=""),
    "an issue": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(issue="overpaid"),
    "a decision": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(issue="late", needs_decision=True),
    "not paid": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(status="expired"),
    "a refund": lambda s: Refund.objects.create(
        session=s, network="sandbox", asset="USDC", decimals=6, amount_units=1, value=1, rate=1, kind="full",
        status="prepared", to_address=PATS_WALLET, prepared_at=timezone.now(),
    ),
    "a longer watch": lambda s: CheckoutSession.objects.filter(pk=s.pk).update(
        expires_at=F("expires_at") - timedelta(days=3)
    ),
    "a shorter time": lambda s: DepositAddress.objects.filter(session=s).update(
        watch_until=F("watch_until") + timedelta(days=2)
    ),
}  # fmt: skip


@pytest.mark.parametrize("is_listed", [False, True], ids=["before the look", "after it"])
@pytest.mark.parametrize("what", NOT_YET)
def test_what_is_not_over_serves_nobody_else(
    sandbox: Sandbox, former: CheckoutSession, new_session: NewSession, what: str, *, is_listed: bool
) -> None:
    sandbox.skip(days=OVER, hours=1)
    if is_listed:  # then it is seen by whoever takes it
        assert find_spare_deposits(timezone.now()) == 1
    NOT_YET[what](former)
    assert find_spare_deposits(timezone.now()) == 0
    assert picks(new_session()).deposit.address != former.deposit.address


def test_it_rests_longer_than_it_was_watched(sandbox: Sandbox, former: CheckoutSession) -> None:
    rests(sandbox, days=WATCH + REST - 1)
    assert not own_spares().exists()
    rests(sandbox, days=1)
    assert own_spares().count() == 1


def test_it_rests_as_many_days_as_the_business_says(sandbox: Sandbox, former: CheckoutSession, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(reuse_after_days=30)
    rests(sandbox, days=WATCH + 29)
    assert not own_spares().exists()
    rests(sandbox, days=1)
    assert own_spares().count() == 1


def test_nobody_gets_a_used_one_who_did_not_ask_for_it_nor_of_another_treasury_or_network(
    sandbox: Sandbox, saving: Merchant, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    other = Treasury.objects.create(merchant=saving, mode="test", address=PATS_WALLET, active_from=timezone.now())
    changed = new_session()
    CheckoutSession.objects.filter(pk=changed.pk).update(treasury=other)
    assert picks(refreshed(changed)).deposit.address != former.deposit.address
    own_spares().update(network="devchain")
    assert picks(new_session()).deposit.address != former.deposit.address
    own_spares().update(network="sandbox")
    Merchant.objects.filter(pk=saving.pk).update(reuse_after_days=None)
    session = new_session()
    session.merchant.refresh_from_db()
    assert picks(session).deposit.address != former.deposit.address


def test_the_next_buyer_is_asked_and_pays_and_the_former_pays_late(
    sandbox: Sandbox,
    saving: Merchant,
    former: CheckoutSession,
    new_session: NewSession,
    request: pytest.FixtureRequest,
) -> None:
    """As the watcher sees it: a late payment that nobody read before the change of hands, and one after it."""
    sandbox.skip(days=OVER)
    job()
    address, network = former.deposit.address, sandbox.network
    send(recipient=address, contract=network.assets["USDC"].contract, amount_units=7, now=timezone.now())
    send(recipient=address, contract=network.assets["USDC"].contract, amount_units=5 * 10**6, now=timezone.now())
    sandbox.skip(seconds=2)
    mine(timezone.now())
    sandbox.skip(minutes=2, seconds=1)
    later = picks(new_session())
    assert later.deposit.address == address
    sandbox.send_to(address, "49.00", seconds=8)
    assert [int(each.amount_units) for each in former.payments.order_by("id")[1:]] == [7, 5 * 10**6]
    assert [refreshed(each).issue for each in (former, later)] == ["paid_twice", None]
    assert refreshed(later).status == "completed"
    desk: Desk = request.getfixturevalue("desk")  # who signed in before all those days is signed out
    pages = [desk.read(f"sessions/{each.public_id}") for each in (former, later)]
    assert ["Another session has it since" in page for page in pages] == [True, False]
    assert [f"{former.public_id}" in page and "an earlier session" in page for page in pages] == [False, True]
    assert [f"made for {former.public_id}" in page for page in pages] == [False, True]
    assert all(each.public_id in desk.read(f"sessions?q={address}") for each in (former, later))
    with pytest.raises(OptionUnavailable, match="serves another session"):
        simulate(session=refreshed(former), scenario="exact", now=timezone.now())
    assert [(each.deposits, each.amount_units) for each in balances(saving, "test")] == [(1, 54 * 10**6 + 7)]


@pytest.mark.moves_everybody("all go back in time")
def test_once_the_database_went_back_in_time_none_that_was_there_serves_again(
    sandbox: Sandbox, saving: Merchant, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    hold("Restored.")
    later = picks(new_session())
    assert later.deposit.address != former.deposit.address
    assert find_spare_deposits(timezone.now()) == 0
    assert paid(sandbox, later).status == "completed"
    collect(sandbox, saving)
    rests(sandbox)
    assert picks(new_session()).deposit.address == later.deposit.address


def test_no_rest_is_asked_for_at_an_address_that_somebody_else_has(
    sandbox: Sandbox, former: CheckoutSession, new_session: NewSession
) -> None:
    rests(sandbox)
    picks(new_session())
    CheckoutSession.objects.filter(pk=former.pk).update(issue="late", needs_decision=True)
    late = refreshed(former)
    case = case_of(late)
    assert case is not None
    assert DecisionKind.ASK_REST not in case.answers
    with pytest.raises(NothingToDecide, match="serves another session"):
        decide(session=late, kind=DecisionKind.ASK_REST, actor="mia")
    assert not own(Decision).exists()


def test_the_database_holds_that_an_address_serves_one_session_at_a_time(
    former: CheckoutSession, new_session: NewSession
) -> None:
    with pytest.raises(IntegrityError, match="addresses_serve_one_session_at_a_time"), transaction.atomic():
        DepositAddress.objects.create(
            session=new_session(),
            address=former.deposit.address,
            watch_until=timezone.now(),
            created_at=timezone.now(),
        )
