"""Who asked for it is written to when collecting is worth it: once, by the fees and rates of the moment alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from chains_app.rates.exchange_rates import rates_at
from common.mail_backends import NOWHERE
from merchants_app.models import CollectLetters, Merchant, WhenToWrite
from merchants_app.people.letters import collect_letters_to, write_about_collecting_to
from sessions_app.collecting.worth_letters import is_news, write_letters
from sessions_app.models import CheckoutSession, Payment
from tests.desk import Desk
from tests.fake_node import FakeNode
from tests.letters import letters_to
from tests.once import play_once
from tests.played import Played
from tests.strangers.world import own


@pytest.fixture(scope="module")
def played(once: None) -> Played:
    """49 USDC wait on the sandbox, in test mode."""
    return play_once("exact", asset="USDC")


@pytest.fixture
def paid(played: Played, mia: Merchant) -> Payment:
    """What waits."""
    mail.outbox.clear()
    return Payment.objects.get(session=played.session)


def more_came(paid: Payment, whole: int, at: datetime) -> None:
    """So many USDC more, confirmed then."""
    paid = Payment.objects.get(pk=paid.pk)
    Payment.objects.create(
        **{field.attname: getattr(paid, field.attname) for field in Payment._meta.concrete_fields}
        | {
            "id": None,
            "public_id": f"pay_{whole}",
            "tx_hash": f"0x{whole:064x}",
            "amount_units": whole * 10**6,
            "confirmed_at": at,
            "collected_at": None,
            "collected_tx": "",
        }
    )


@pytest.fixture
def asked(desk: Desk, paid: Payment) -> Desk:
    """Mia wants to know at once."""
    assert desk.post("collect/letters", letters="at_once").status_code == 302
    return desk


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNode]:
    """Of Base, where a collection takes 200,000 gas."""
    with FakeNode() as node:
        node.answer("eth_chainId", hex(8453))
        node.answer("eth_getCode", "0x6001")
        node.answer("eth_gasPrice", "0x1")
        node.answer("eth_getBlockByNumber", {"number": "0x1", "hash": f"0x{1:064x}", "gasLimit": hex(30_000_000)})
        node.answer("eth_estimateGas", hex(200_000))
        monkeypatch.setenv("RPC_URL_BASE", node.url)
        yield node


def gas_costs(node: FakeNode, wei: int) -> None:
    """From now on."""
    node.answer("eth_feeHistory", {"baseFeePerGas": [hex(wei)] * 2, "reward": [["0x0"]]})


@pytest.mark.parametrize(
    ("waiting", "told", "expected"),
    [(1, 0, True), (100, 100, False), (199, 100, False), (200, 100, True), (50, 0, True), (350, 400, False)],
)
def test_who_was_told_hears_of_it_again_once_it_has_doubled(waiting: int, told: int, expected: bool) -> None:
    assert is_news(waiting=waiting, told=told) is expected


def test_a_letter_names_what_is_worth_it_and_says_that_it_is_test_mode(asked: Desk, mia: Merchant) -> None:
    write_letters(timezone.now())
    (letter,) = letters_to(asked.user.email)
    assert letter.subject == "[Test mode] Mia Coffee: 49.00 USD is worth collecting"
    assert "49 USDC on Sandbox, about 49.00 USD\n    1 deposit; fee none\n" in letter.body
    assert f"/dashboard/{mia.public_id}/test/collect\n" in letter.body


def test_the_same_state_of_affairs_is_told_once(asked: Desk, paid: Payment) -> None:
    for days in range(2):
        write_letters(timezone.now() + timedelta(days=days, minutes=1))
    assert len(mail.outbox) == 1
    in_a_week = timezone.now() + timedelta(days=7)
    more_came(paid, 48, in_a_week)  # not twice as much yet
    write_letters(in_a_week)
    assert len(mail.outbox) == 1
    more_came(paid, 1, in_a_week)
    write_letters(in_a_week)
    assert len(mail.outbox) == 2


def test_after_a_collection_the_first_that_is_worth_it_is_told(asked: Desk, paid: Payment) -> None:
    soon = timezone.now() + timedelta(minutes=1)  # the sandbox's clock went ahead while the payment was played
    write_letters(soon)
    asked.post("collect/prepare", pile=["sandbox:ETH", "sandbox:USDC"])
    more_came(paid, 5, soon + timedelta(minutes=1))
    write_letters(soon + timedelta(minutes=1))
    assert [letter.subject.partition(": ")[2] for letter in letters_to(asked.user.email)] == [
        "49.00 USD is worth collecting", "5.00 USD is worth collecting",
    ]  # fmt: skip


def test_one_click_ends_it(asked: Desk) -> None:
    assert 'value="never"' in asked.read("collect").partition("Tell me when it is worth it")[2]
    asked.post("collect/letters", letters="never")
    write_letters(timezone.now())
    assert mail.outbox == []
    assert asked.post("collect/letters", letters="hourly").status_code == 302
    assert own(CollectLetters).get().wanted == WhenToWrite.NEVER


def test_only_members_who_may_collect_are_written_to_and_each_as_they_said(
    asked: Desk, colleague: Callable[..., Desk], ottos_desk: Desk
) -> None:
    support, viewer = colleague("support"), colleague("viewer")
    assert viewer.post("collect/letters", letters="at_once").status_code == 403
    ottos_desk.post("collect/letters", letters="at_once")
    write_letters(timezone.now())
    assert [letter.to for letter in mail.outbox] == [[asked.user.email]]
    support.post("collect/letters", letters="at_once")
    write_letters(timezone.now())
    assert len(letters_to(support.user.email)) == 1


def test_a_business_says_it_for_live_mode_and_without_rates_nobody_is_written_to(
    desk: Desk, mia: Merchant, paid: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(collect_letters=WhenToWrite.AT_ONCE)
    write_letters(timezone.now())
    assert mail.outbox == []  # it waits in test mode
    CheckoutSession.objects.filter(pk=paid.session_id).update(mode="live")
    Payment.objects.filter(pk=paid.pk).update(mode="live")
    write_letters(timezone.now())
    assert mail.outbox == []
    fixed = rates_at(mode="test", now=timezone.now())
    monkeypatch.setattr("sessions_app.collecting.worth_letters.rates_at", lambda **_: fixed)
    write_letters(timezone.now())
    (letter,) = letters_to(desk.user.email)
    assert letter.subject.startswith("Mia Coffee:")
    assert "test mode" not in letter.body


def test_it_waits_until_the_fee_of_the_moment_is_a_small_part(asked: Desk, node: FakeNode, paid: Payment) -> None:
    Payment.objects.filter(pk=paid.pk).update(network="base")
    gas_costs(node, 10**12)
    write_letters(timezone.now())
    assert mail.outbox == []
    gas_costs(node, 10**6)
    write_letters(timezone.now())
    assert len(mail.outbox) == 1


def test_while_a_network_cannot_be_read_nobody_is_told_of_what_waits_there(
    asked: Desk, node: FakeNode, paid: Payment
) -> None:
    Payment.objects.filter(pk=paid.pk).update(network="base")
    node.reply(503)
    write_letters(timezone.now())
    assert mail.outbox == []


def test_once_a_day_is_at_most_one_letter_from_morning_to_morning(desk: Desk, mia: Merchant, paid: Payment) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="America/New_York")  # 08:00 is 13:00 UTC in winter
    desk.post("collect/letters", letters="daily")
    write_letters(datetime(2030, 12, 1, 14, 0, tzinfo=UTC))
    assert len(mail.outbox) == 1
    more_came(paid, 900, datetime(2030, 12, 1, 15, 0, tzinfo=UTC))
    write_letters(datetime(2030, 12, 2, 12, 59, tzinfo=UTC))
    assert len(mail.outbox) == 1
    write_letters(datetime(2030, 12, 2, 13, 0, tzinfo=UTC))
    assert len(mail.outbox) == 2


def test_what_the_mail_server_does_not_take_is_written_later(asked: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("django.conf.settings.EMAIL_BACKEND", NOWHERE)
        write_letters(timezone.now())
    write_letters(timezone.now() + timedelta(minutes=5))
    assert len(mail.outbox) == 1


def test_a_suspended_business_and_one_that_did_not_ask_cost_nothing(
    asked: Desk, mia: Merchant, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(
        suspended_at=timezone.now(), suspended_by="operator", suspension_reason="A complaint."
    )
    write_letters(timezone.now())
    assert mail.outbox == []
    own(CollectLetters).update(wanted=WhenToWrite.NEVER)
    with django_assert_num_queries(2):  # who asked: by business, by member
        write_letters(timezone.now())


def test_when_one_member_is_written_to_says_nothing_of_another(mia: Merchant, colleague: Callable[..., Desk]) -> None:
    first, second = colleague("owner").user, colleague("support").user
    write_about_collecting_to(first, mia, "test", letters=WhenToWrite.DAILY)
    said = [collect_letters_to(user, mia, "test") for user in (first, second)]
    assert said == [WhenToWrite.DAILY, WhenToWrite.NEVER]
