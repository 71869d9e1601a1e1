"""All refunds of a business: which wait for whom, by what they are found, and the file that a Safe opens of one."""

import json
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, Payment, Refund
from sessions_app.reading import refund_list
from sessions_app.reading.refund_list import RefundState, WantedRefunds, all_refunds_listed, count_refunds
from sessions_app.refunding.refunds import play_refund, withdraw_refund
from sessions_app.refunding.told import tell_transaction
from sessions_app.scope import SessionScope
from tests.cast import PATS_WALLET
from tests.desk import Desk
from tests.once import play_once
from tests.played import Played
from tests.sandbox import Sandbox, sandbox_at
from tests.sessions_app.refunding.test_refunds import prepared
from tests.strangers.world import own

TX = "0x" + "ab" * 32


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """Half as much again was paid, and of that refunds of 1 to 5 USD were prepared, of which each went another way."""
    played = play_once("over", asset="USDC", reference="10470")
    session = played.session_again()
    asleep, told, final, withdrawn, nowhere = (
        prepared(session, kind="amount", amount=Decimal(amount)) for amount in range(1, 6)
    )
    tell_transaction(told, TX, actor="mia@example.com")
    withdraw_refund(withdrawn, actor="mia@example.com", now=timezone.now())
    Refund.objects.filter(pk=asleep.pk).update(reason="One cup was chipped")
    Refund.objects.filter(pk=nowhere.pk).update(status="waiting_for_address", to_address="")
    with sandbox_at(played.end) as sandbox:
        play_refund(final, now=timezone.now())
        sandbox.wait(4, session)
    return played


@pytest.fixture
def session(played: Played, sandbox: Sandbox) -> CheckoutSession:
    """That session."""
    return played.session_again()


def listed(desk: Desk, **query: str) -> list[int]:
    """What the rows are about, in USD."""
    answer = desk.get(f"refunds?{urlencode(query)}")
    assert answer.status_code == 200
    return [int(each.value) for each in answer.context["shown"].rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"state": "to_sign"}, [1]),
        ({"state": "on_its_way"}, [2]),
        ({"state": "final"}, [3]),
        ({"state": "withdrawn"}, [4]),
        ({"state": "no_address"}, [5]),
        ({"state": "nonsense"}, [5, 4, 3, 2, 1]),
        ({"asset": "USDC", "network": "sandbox"}, [5, 4, 3, 2, 1]),
        ({"asset": "ETH"}, []),
        ({"since": "2100-01-01"}, []),
        ({"until": "2100-01-01", "q": "10470"}, [5, 4, 3, 2, 1]),
        ({"q": "10471"}, []),
        ({"q": PATS_WALLET.lower()}, [5, 4, 3, 2, 1]),
        ({"q": TX}, [5, 4, 3, 2, 1]),
    ],
)
def test_it_is_narrowed_by_its_address(
    desk: Desk, session: CheckoutSession, query: dict[str, str], found: list[int]
) -> None:
    assert listed(desk, **query) == found


def test_each_state_is_counted_for_itself_and_so_far(session: CheckoutSession) -> None:
    own(Refund).filter(value__in=[3, 4]).update(status="waiting_for_address", tx_hash="", log_index=None)
    to_sign, no_address, final = RefundState.TO_SIGN, RefundState.NO_ADDRESS, RefundState.FINAL
    counted = count_refunds(SessionScope.of(session), no_address, to_sign, final, at_most=2)
    assert (counted[no_address], counted[to_sign], counted[final]) == (2, 1, 0)  # there are three without an address


def test_what_no_index_has_is_looked_for_among_the_newest_and_in_a_file_among_all(
    desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refund_list, "LOOKED_THROUGH", 2)
    assert listed(desk, state="final") == listed(desk, state="no_address", asset="ETH") == []
    assert listed(desk, state="withdrawn", asset="USDC") == [4]
    assert listed(desk, asset="USDC") == [5, 4]
    assert listed(desk, state="to_sign", asset="USDC") == [1]
    assert listed(desk, since="2020-01-01") == [5, 4, 3, 2, 1]
    wanted = WantedRefunds(state=RefundState.FINAL)
    assert all_refunds_listed(SessionScope.of(session), wanted).get() == own(Refund).get(value=3).pk


@pytest.mark.parametrize(
    ("query", "most", "is_said"),
    [
        ("state=final", 2, True),  # nothing was found
        ("asset=USDC", 2, True),  # below the last page
        ("asset=USDC", 1, True),
        ("asset=USDC", 5, False),  # there are no older ones
        ("asset=USDC&since=2100-01-01", 2, False),
        ("state=to_sign&asset=USDC", 2, False),
        ("q=10470&asset=USDC", 2, False),
        ("", 2, False),
    ],
)
def test_where_older_ones_were_not_looked_at_it_is_said(
    desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch, query: str, most: int, is_said: bool
) -> None:
    monkeypatch.setattr(refund_list, "LOOKED_THROUGH", most)
    page = desk.read(f"refunds?{query}")
    assert (f"among the newest {most} refunds" in page) == ("makes a file of all" in page) == is_said


def test_it_is_said_below_the_last_page(desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.dashboard.refunds.SIZE", 2)
    monkeypatch.setattr(refund_list, "LOOKED_THROUGH", 3)
    older = desk.get("refunds?asset=USDC").context["shown"].older
    assert "among the newest" not in desk.read("refunds?asset=USDC")
    assert "among the newest 3 refunds" in desk.read(f"refunds?{older}")


def test_a_row_says_why_how_far_to_whom_and_where_a_file_of_all_is(desk: Desk, session: CheckoutSession) -> None:
    text = desk.read("refunds?state=to_sign")
    for words in ("One cup was chipped", "Waits for your wallet", PATS_WALLET, "pat@example.com", "what=refunds"):
        assert words in text
    assert text.count(f"/refund/{own(Refund).get(value=1).public_id}") == 1


def test_another_business_sees_none_of_them(ottos_desk: Desk, session: CheckoutSession) -> None:
    assert "No refunds yet" in ottos_desk.read("refunds")


def test_it_is_turned_page_by_page(desk: Desk, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.dashboard.refunds.SIZE", 2)
    first = desk.get("refunds").context["shown"]
    assert [int(each.value) for each in first.rows] == [5, 4]
    assert listed(desk, before=first.older.removeprefix("before=")) == [3, 2]


def test_the_database_writes_whose_a_refund_is(mia: Merchant, session: CheckoutSession) -> None:
    assert set(own(Refund).values_list("merchant", "mode")) == {(mia.pk, "test")}


def test_an_amount_beside_another_choice_is_said_at_its_field_and_prepares_nothing(
    desk: Desk, session: CheckoutSession
) -> None:
    page, before = f"sessions/{session.public_id}/refund", own(Refund).count()
    form = {"balance": "sandbox:USDC", "rate_basis": "today", "amount": "20", "to_address": PATS_WALLET}
    answer = desk.post(page, **form, kind="full")
    text = " ".join(answer.content.decode().split())
    assert (answer.status_code, own(Refund).count()) == (400, before)
    assert "You typed an amount: choose “An amount” above" in text.partition('name="amount" value="20"')[2]
    for chosen in ("full", "today"):
        assert f'value="{chosen}" checked' in text
    assert "Select a valid choice. nonsense" in desk.post(page, **form, kind="nonsense").content.decode()
    assert desk.post(page, **form | {"rate_basis": "paid"}, kind="amount").status_code == 302
    assert own(Refund).latest("id").value == 20


def test_who_only_looks_sees_which_transaction_it_is_said_to_be(
    colleague: Callable[..., Desk], session: CheckoutSession
) -> None:
    told = own(Refund).get(value=2)
    text = colleague("viewer").read(f"sessions/{session.public_id}/refund/{told.public_id}")
    assert f'data-copy="{TX}"' in text
    assert "Sent, as was said: its transaction is looked for" in text
    assert "Send it again all the same" not in text


def test_of_a_buyer_who_was_erased_no_address_is_waited_for(desk: Desk, session: CheckoutSession) -> None:
    own(Refund).filter(value=3).update(to_address="")
    pages = [f"sessions/{session.public_id}/refund/{own(Refund).get(value=value).public_id}" for value in (3, 5)]
    assert ["The buyer names an address" in desk.read(page) for page in pages] == [False, True]
    assert "Erased with all that was known of the buyer." in desk.read(pages[0])


def test_a_safe_opens_the_file_of_one(desk: Desk, session: CheckoutSession) -> None:
    made = own(Refund).get(value=1)
    page = f"sessions/{session.public_id}/refund/{made.public_id}"
    desk.post(page, act="safe")
    assert "there is no Safe" in desk.read(page)
    Payment.objects.filter(session=session).update(network="devchain", asset="ETH")
    Refund.objects.filter(session=session).update(network="devchain", asset="ETH")
    file = json.loads(desk.post(page, act="safe").content)
    call = {"to": PATS_WALLET, "value": "1000000", "data": "0x"}
    assert (file["chainId"], file["meta"]["name"]) == ("31337", "Refund 1 ETH on Devchain")
    assert [{name: each[name] for name in call} for each in file["transactions"]] == [call]
    withdraw_refund(made, actor=desk.user.email, now=timezone.now())
    assert desk.post(page, act="safe").status_code == 302
    assert "only a prepared one is signed" in desk.read(page)
