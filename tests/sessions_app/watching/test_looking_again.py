"""Money that came while nobody watched is found at any time, and credited by the rules of late money."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone

from chains_app.models import ScanCursor, SetAside
from chains_app.receiving.deposits import Deposit, collect_call
from merchants_app.models import AuditEntry
from sessions_app.models import CheckoutSession, DepositAddress, MoneySearch, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.state import lifecycle
from sessions_app.watching import looking
from sessions_app.watching.looking import look
from sessions_app.watching.searches import PAUSE, do_waiting
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch_network
from tests.cast import MIAS_WALLET, refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.desk import Desk
from tests.faulty_proxy import FaultyProxy
from tests.operators import Operator
from tests.sandbox import events_of
from tests.strangers.world import own

pytestmark = pytest.mark.django_db
DEEP = DEVCHAIN.confirmations.normal + 1
NewSession = Callable[..., CheckoutSession]


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        made.deploy_factory()
        yield made


def picks(session: CheckoutSession, asset: str) -> CheckoutSession:
    choose_option(session=session, asset=asset, network="devchain", now=timezone.now())
    watch_network(DEVCHAIN)
    return refreshed(session)


def unwatched(session: CheckoutSession) -> CheckoutSession:
    """Long over: nobody looks at its address any more."""
    lifecycle.expire(session, actor="test")
    over = timezone.now() - timedelta(days=1)
    ended = over - timedelta(days=7)
    CheckoutSession.objects.filter(pk=session.pk).update(watch_until=over, expires_at=ended, ended_at=ended)
    DepositAddress.objects.filter(session=session).update(watch_until=over)
    return refreshed(session)


@pytest.fixture(params=["USDC", "ETH"])
def ended(request: pytest.FixtureRequest, proxy: FaultyProxy, new_session: NewSession) -> CheckoutSession:
    """A session that is watched no more, whose buyer picked this."""
    return unwatched(picks(new_session(), request.param))


def pays(chain: Devchain, session: CheckoutSession, *, asset: str = "") -> None:
    """All that is due; nobody sees it."""
    units, to = int(session.quote.amount_units), session.deposit.address
    if (asset or session.quote.asset) == "ETH":
        chain.pay_ether(to, units)
    else:
        chain.pay(chain.usdc, to, units)
    chain.node.mine(DEEP)
    known = session.payments.count()
    watch_network(DEVCHAIN)
    assert session.payments.count() == known


def said(session: CheckoutSession) -> str:
    return " ".join(each.said for each in look(session))


def test_what_came_after_the_watch_is_found_and_counts_as_late(chain: Devchain, ended: CheckoutSession) -> None:
    pays(chain, ended)
    assert "1 payment found" in said(ended)
    watch_network(DEVCHAIN)
    found = refreshed(ended)
    assert (found.status, found.issue, found.payments.get().confirmed_at is not None) == ("completed", "late", True)
    assert events_of(found)[-2:] == ["processing", "completed"]
    assert "1 payment found" not in said(ended)
    assert own(Payment).count() == 1


def test_what_a_node_without_a_past_cannot_tell_is_read_in_its_newest_blocks_or_said_to_be_missing(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = unwatched(picks(new_session(), "ETH"))
    pays(chain, session)
    proxy.keeps_no_state(below=chain.node.head())
    monkeypatch.setattr(looking, "MOST_FULL_BLOCKS", 2)
    assert "manage.py rescan --network devchain" in said(session)
    assert not own(Payment).exists()
    monkeypatch.undo()
    monkeypatch.setenv("RPC_URL_DEVCHAIN", proxy.url)
    assert "1 payment found" in said(session)


def test_of_an_address_that_its_owner_may_empty_all_blocks_are_read_or_it_is_said_which(
    proxy: FaultyProxy, new_session: NewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = unwatched(picks(new_session(), "ETH"))
    DepositAddress.objects.filter(session=session).update(derivation_index=1)
    assert "looked for from block" not in said(refreshed(session))
    monkeypatch.setattr(looking, "MOST_FULL_BLOCKS", 1)
    assert "ETH was looked for from block" in said(refreshed(session))


def test_an_operator_has_the_last_hour_of_a_network_read_again(
    chain: Devchain, ended: CheckoutSession, operator: Operator
) -> None:
    pays(chain, ended)
    look_again(DEVCHAIN)
    assert not own(Payment).exists()
    for _ in ("once", "again"):
        operator.act("chains_app/scancursor", "read_hour_again", ScanCursor.objects.get(pk="devchain"))
        look_again(DEVCHAIN)
        assert own(Payment).count() == 1
    assert SetAside.objects.filter(what="asked", network="devchain").exclude(settled_at=None).exists()
    assert refreshed(ended).issue == "late"
    assert "blocks are read again" in LogEntry.objects.latest("id").get_change_message()


def test_where_nothing_is_missing_no_block_is_read(chain: Devchain, proxy: FaultyProxy, ended: CheckoutSession) -> None:
    chain.node.mine(500)
    watch_network(DEVCHAIN)
    proxy.forget()
    assert "Devchain: nothing new" in said(ended)
    assert (proxy.count("eth_getLogs"), proxy.requests <= 3) == (0, True)


@pytest.mark.parametrize("asset", ["USDC", "ETH"])
def test_it_is_found_though_it_was_collected_before_anybody_looked(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession, asset: str
) -> None:
    session = unwatched(picks(new_session(), asset))
    pays(chain, session)
    token = chain.usdc if asset == "USDC" else "0x" + "0" * 40
    deposit = Deposit(session_id=session.public_id, treasury=MIAS_WALLET, token=token)
    call = collect_call(deposits=[deposit])
    chain.node.send(to=call.to, data=call.data, gas=2_000_000)
    chain.node.mine(DEEP)
    watch_network(DEVCHAIN)
    assert "1 payment found" in said(session)


@pytest.mark.parametrize("changed_hands", ["before it was sent", "afterwards"])
def test_what_is_found_is_whose_the_address_was_when_it_came(
    chain: Devchain, ended: CheckoutSession, new_session: NewSession, changed_hands: str
) -> None:
    """Whoever of the two it is looked for, and by blocks."""
    later, away = new_session(), timedelta(days=-1 if changed_hands == "before it was sent" else 1)
    since = timezone.now() + away
    DepositAddress.objects.filter(session=ended).update(passed_on_at=since, created_at=since - timedelta(days=9))
    DepositAddress.objects.create(
        session=later,
        address=ended.deposit.address,
        made_for=ended.public_id,
        created_at=since,
        watch_until=timezone.now() - timedelta(hours=1),
    )
    pays(chain, ended)
    owner, other = (later, ended) if changed_hands == "before it was sent" else (ended, later)
    told = said(other)
    assert f"Devchain: 1 payment found for {owner.public_id}, which had the address when it came." in told
    assert own(Payment).get().session_id == owner.pk
    own(Payment).get().delete()
    call_command("rescan", "--network=devchain", f"--from={chain.node.head() - DEEP - 3}")
    assert own(Payment).get().session_id == owner.pk
    assert "payment found" not in said(owner)


# --- commands


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    call_command(*words)
    return capsys.readouterr().out


def test_the_command_looks_for_one_session(
    chain: Devchain, ended: CheckoutSession, capsys: pytest.CaptureFixture[str]
) -> None:
    pays(chain, ended)
    assert "1 payment found" in run(capsys, "look", ended.public_id)
    with pytest.raises(CommandError, match="no session 'cs_1'"):
        call_command("look", "cs_1")


def test_blocks_are_read_again_for_everybody(
    chain: Devchain, ended: CheckoutSession, capsys: pytest.CaptureFixture[str]
) -> None:
    first = chain.node.head()
    pays(chain, ended)
    options = ["rescan", "--network=devchain", f"--from={first}"]
    assert "0 payments found" in run(capsys, *options, f"--to={first}")
    assert "1 payment found" in run(capsys, *options)
    assert "0 payments found" in run(capsys, *options)
    assert refreshed(ended).issue == "late"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--network=nowhere", "--from=1"], "no network 'nowhere'"),
        (["--network=base", "--from=1"], "was never read"),
        (["--network=devchain", "--from=99999999"], "up to"),
        (["--network=devchain", "--from=5", "--to=4"], "not above --to"),
        (["--network=devchain", "--from=-1"], "up to"),
    ],
)
def test_blocks_that_cannot_be_read_again_are_refused_in_a_sentence(
    proxy: FaultyProxy, words: list[str], refusal: str
) -> None:
    watch_network(DEVCHAIN)
    with pytest.raises(CommandError, match=refusal):
        call_command("rescan", *words)


# --- buttons


def test_a_member_has_it_looked_for_and_reads_what_came_of_it(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession, desk: Desk
) -> None:
    session = unwatched(picks(new_session(), "USDC"))
    pays(chain, session)
    page = f"sessions/{session.public_id}"
    desk.post(f"{page}/look")
    assert "Being looked for since" in desk.read(page)
    assert AuditEntry.objects.get(action="session.searched").subject == session.public_id
    do_waiting()
    text = desk.read(page)
    assert "Something was found" in text
    assert "Devchain: 1 payment found" in text
    assert own(Payment).count() == 1


def test_it_is_looked_for_once_in_ten_minutes(proxy: FaultyProxy, new_session: NewSession, desk: Desk) -> None:
    session = picks(new_session(), "USDC")
    page = f"sessions/{session.public_id}"
    for _ in range(2):
        desk.post(f"{page}/look")
    assert "less than 10 minutes ago" in desk.read(page)
    do_waiting()
    desk.post(f"{page}/look")
    assert own(MoneySearch).count() == 1
    own(MoneySearch).update(asked_at=timezone.now() - PAUSE)
    desk.post(f"{page}/look")
    assert own(MoneySearch).count() == 2


def test_of_a_session_without_an_address_nothing_is_looked_for(session: CheckoutSession, desk: Desk) -> None:
    page = f"sessions/{session.public_id}"
    assert "Look for money again" not in desk.read(page)
    desk.post(f"{page}/look")
    assert "never shown an address" in desk.read(page)


def test_an_operator_has_it_looked_for(
    chain: Devchain, proxy: FaultyProxy, new_session: NewSession, operator: Operator
) -> None:
    session = picks(new_session(), "USDC")
    operator.act("sessions_app/checkoutsession", "look_again", session)
    assert AuditEntry.objects.get(action="session.searched").actor.startswith("operator ")
    do_waiting()
    assert "nothing new" in operator.read("sessions_app/moneysearch/")


def test_a_network_that_cannot_be_read_is_named_and_the_others_are_asked(
    proxy: FaultyProxy, new_session: NewSession
) -> None:
    session = picks(new_session(), "USDC")
    proxy.reply(500)
    told = said(session)
    assert "Devchain: could not be read" in told
    assert "Sandbox: " in told
    ScanCursor.objects.filter(pk="devchain").delete()
    assert "never read" in said(session)
