"""The edges of what may be signed: the last second, a session that ends soon, what holds by whom and for how long."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from chains_app.models import ScanCursor
from chains_app.networks.networks import Network
from checkout_project.restoring.noticing import hold
from common.errors import DomainError
from merchants_app.models import Merchant
from sessions_app.errors import (
    AnotherSigned,
    BeingSettled,
    NotToBeSigned,
    OptionUnavailable,
    SessionNotOpen,
    SettlementInDoubt,
    ShopPaused,
)
from sessions_app.models import Authorization, CheckoutSession, Payment, Quote
from sessions_app.paying import signed as signed_rows
from sessions_app.signing import kept
from sessions_app.signing.asked import again, all_signable, is_asked
from sessions_app.signing.offered import all_offered
from sessions_app.signing.settling import settle
from tests.facilitator import PAT, TX_HASH, Facilitator
from tests.loopback import HANG_UP
from tests.sessions_app.signing.buyer import OTHER, settled, signed
from tests.strangers.world import own

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(quoted: CheckoutSession, *, ends: datetime | None = None, holds: datetime | None = None) -> CheckoutSession:
    """The session with another end, or whose price holds until another time."""
    CheckoutSession.objects.filter(pk=quoted.pk).update(expires_at=ends or NOW + timedelta(hours=1))
    Quote.objects.filter(session=quoted).update(valid_until=holds or NOW + timedelta(minutes=15))
    return again(quoted)


@pytest.mark.parametrize(("left", "seconds"), [(3600, 300), (241, 300), (239, 299), (30, 90), (1, 61)])
def test_there_is_time_to_settle_until_a_minute_after_the_end(quoted: CheckoutSession, left: int, seconds: int) -> None:
    assert is_asked(at(quoted, ends=NOW + timedelta(seconds=left)), now=NOW).seconds == seconds


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"ends": NOW}, SessionNotOpen, "for open ones only"),
        ({"ends": NOW - timedelta(seconds=1)}, SessionNotOpen, "for open ones only"),
        ({"holds": NOW}, OptionUnavailable, "no longer holds"),
    ],
)
def test_in_the_very_second_of_the_end_nothing_is_asked(
    quoted: CheckoutSession, changes: dict[str, datetime], error: type[DomainError], said: str
) -> None:
    with pytest.raises(error, match=said):
        is_asked(at(quoted, **changes), now=NOW)


def test_what_is_signed_may_be_used_from_any_time_on(quoted: CheckoutSession) -> None:
    assert is_asked(quoted, now=timezone.now()).authorization(sender=PAT.address, valid_before=9).valid_after == 0


def test_without_a_price_nothing_is_asked(quoted: CheckoutSession) -> None:
    quoted.quote = None
    with pytest.raises(OptionUnavailable, match="Choose first what to pay with"):
        is_asked(quoted, now=timezone.now())


@pytest.mark.moves_everybody("all is held")
def test_a_copy_of_the_database_takes_no_signature(quoted: CheckoutSession) -> None:
    hold("Copied.")
    with pytest.raises(NotToBeSigned, match="No signed payments are taken here"):
        is_asked(quoted, now=timezone.now())


@pytest.mark.parametrize("look", [is_asked, all_signable])
def test_nothing_is_asked_of_an_order_that_is_paid_nor_by_a_shop_that_is_suspended(
    quoted: CheckoutSession, look: Callable[..., object]
) -> None:
    paid = again(quoted)
    paid.order_paid_by = "cs_other"
    with pytest.raises(SessionNotOpen, match="order is paid already"):
        look(paid, now=timezone.now())
    Merchant.objects.filter(pk=quoted.merchant_id).update(
        suspended_at=timezone.now(), suspended_by="op", suspension_reason="why"
    )
    with pytest.raises(ShopPaused, match="takes no payments"):
        look(again(quoted), now=timezone.now())


def test_what_is_taken_for_the_least_is_asked_for_first(
    several: CheckoutSession, settings: Any, tmp_path: Path
) -> None:
    dearer = tmp_path / "dearer.toml"
    text = Path(settings.NETWORKS_FILE).read_text(encoding="utf-8")
    dearer.write_text(text.replace('name = "Tether"\ncontract', 'name = "Tether"\nminimum = "3"\ncontract'))
    settings.NETWORKS_FILE = str(dearer)
    assert [(each.asset.symbol, each.network.id) for each in all_signable(several, now=timezone.now())] == [
        ("USDC", "devchain"), ("USDC", "sidechain"), ("USDT", "devchain"),
    ]  # fmt: skip


@pytest.mark.parametrize("changes", [{"wallet": OTHER}, {"nonce": b"7" * 32}], ids=["another wallet", "another nonce"])
def test_what_was_settled_is_not_the_answer_to_another_signature(
    quoted: CheckoutSession, facilitator: Facilitator, changes: dict[str, Any]
) -> None:
    settled(quoted)
    with pytest.raises(AnotherSigned, match="may still be used until"):
        settled(quoted, **changes)
    assert facilitator.times("/settle") == 1


@pytest.fixture
def in_doubt(quoted: CheckoutSession, facilitator: Facilitator) -> Authorization:
    """A signature of Pat's on whose handing over the facilitator hung up."""
    facilitator.says["/settle"] = HANG_UP
    with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
        settled(quoted)
    del facilitator.says["/settle"]
    return own(Authorization).get()


def arrived(row: Authorization, **changes: Any) -> None:
    """What was signed is seen on the chain."""
    seen = {"network": row.network, "asset": row.asset, "sender": row.sender, "amount_units": row.amount_units,
            "tx_hash": "0x" + "77" * 32, "seen_at": row.created_at, "value": 49}  # fmt: skip
    Payment.objects.create(
        session=row.session, decimals=6, log_index=0, block_number=1, block_hash="0x1", arrived_at=timezone.now(),
        basis="arrival", rate=1, confirmations_needed=1, **(seen | changes),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "is_it"),
    [
        ({}, True),
        ({"network": "sidechain"}, False),
        ({"asset": "ETH"}, False),
        ({"sender": OTHER.address}, False),
        ({"amount_units": Decimal(1)}, False),
        ({"seen_at": datetime(2026, 1, 1, tzinfo=UTC)}, False),
        ({"amount_units": Decimal(1), "tx_hash": TX_HASH}, True),
        ({"vanished_at": NOW, "times_vanished": 1}, False),
    ],
    ids=[
        "the same",
        "elsewhere",
        "another asset",
        "another wallet",
        "another amount",
        "before",
        "its transaction",
        "dropped",
    ],
)
def test_what_the_chain_shows_of_it_makes_way_for_another(
    in_doubt: Authorization, quoted: CheckoutSession, changes: dict[str, Any], is_it: bool
) -> None:
    own(Authorization).update(tx_hash=TX_HASH)
    arrived(in_doubt, **changes)
    session = again(quoted)
    assert (signed_rows.under_way(session) is None) == is_it
    kept.close_what_is_over(session, now=NOW)
    row = own(Authorization).get()
    brought = ("settled", changes.get("tx_hash", "0x" + "77" * 32), NOW)
    assert (row.stage, row.tx_hash, row.over_at) == (brought if is_it else ("settling", TX_HASH, None))


def test_of_what_the_chain_took_back_no_other_is_signed_until_its_time_is_over(
    in_doubt: Authorization, quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    arrived(in_doubt)
    kept.close_what_is_over(again(quoted), now=NOW)
    own(Payment).update(vanished_at=NOW, times_vanished=1)
    with pytest.raises(AnotherSigned, match="may still be used until"):
        settled(again(quoted), wallet=OTHER)
    with pytest.raises(AnotherSigned, match="may still be used until"):
        all_offered(again(quoted), now=timezone.now())
    assert facilitator.times("/settle") == 1
    own(Payment).update(vanished_at=None)
    assert signed_rows.under_way(again(quoted)) is None  # it is back
    own(Payment).update(vanished_at=NOW)
    own(Authorization).update(valid_before=NOW)
    ScanCursor.objects.create(network="devchain", block_number=9, block_hash="0x1", head=9, scanned_at=timezone.now())
    assert settled(again(quoted), wallet=OTHER).stage == "settled"


def test_the_rest_is_signed_while_the_part_is_there(
    in_doubt: Authorization, quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    own(Authorization).update(amount_units=20_000_000)
    arrived(in_doubt, amount_units=Decimal(20_000_000), value=20)
    assert settled(again(quoted)).amount_units == 29_000_000
    arrived(in_doubt, amount_units=Decimal(29_000_000), value=29, tx_hash=TX_HASH)
    own(Payment).filter(value=20).update(vanished_at=NOW, times_vanished=1)
    under_way = signed_rows.under_way(again(quoted))
    assert under_way is not None
    assert under_way.pk == in_doubt.pk
    with pytest.raises(AnotherSigned, match="may still be used until"):
        settled(again(quoted), wallet=OTHER)
    assert facilitator.times("/settle") == 2
    assert settled(again(quoted)).pk == in_doubt.pk  # the same nonce


@pytest.mark.parametrize(("seconds", "stage"), [(74, "asking"), (75, "asking"), (76, "failed")])
def test_who_asks_has_so_long_until_it_broke_off(
    in_doubt: Authorization, quoted: CheckoutSession, seconds: int, stage: str
) -> None:
    since = NOW - timedelta(seconds=seconds)
    for times in ({"asked_at": since, "created_at": NOW - timedelta(days=1)}, {"asked_at": None, "created_at": since}):
        own(Authorization).update(stage="asking", reason="", over_at=None, **times)
        kept.close_what_is_over(quoted, now=NOW)
        row = own(Authorization).get()
        assert (row.stage, row.reason) == (stage, "broke off" if stage == "failed" else "")


@pytest.mark.parametrize(
    ("later", "head_later", "is_over"),
    [
        (119, None, False),
        (120, None, False),
        (121, None, True),
        (121, 300, True),
        (200, 120, False),
        (200, -100, False),
    ],
)
def test_its_time_is_over_once_the_chain_was_read_two_minutes_beyond_it(
    in_doubt: Authorization, quoted: CheckoutSession, later: int, head_later: int | None, is_over: bool
) -> None:
    """By our clock and by that of the newest block, which stands still where its node does."""
    own(Authorization).update(valid_before=NOW, reason="")
    read = NOW + timedelta(seconds=later)
    head_at = None if head_later is None else NOW + timedelta(seconds=head_later)
    ScanCursor.objects.create(
        network="devchain", block_number=9, block_hash="0x1", head=9, head_at=head_at, scanned_at=read
    )
    assert (signed_rows.under_way(quoted) is None) == is_over
    kept.close_what_is_over(quoted, now=read)
    told = own(Authorization).values_list("stage", "reason").get()
    assert told == (("failed", "its time passed, and the chain shows nothing") if is_over else ("settling", ""))


def test_who_asks_at_this_moment_is_not_asked_twice(in_doubt: Authorization, quoted: CheckoutSession) -> None:
    given, now = signed(quoted), timezone.now()
    own(Authorization).update(asked_at=now - timedelta(seconds=75))
    with pytest.raises(BeingSettled, match="wait for it"):
        settle(quoted, given, now=now)
    assert settle(quoted, given, now=now + timedelta(microseconds=1)).stage == "settled"


@pytest.mark.parametrize(("first", "second"), [(200, 290), (290, 200)])
def test_one_that_was_signed_for_longer_bars_others_for_longer(
    quoted: CheckoutSession, facilitator: Facilitator, first: int, second: int
) -> None:
    facilitator.says["/settle"] = HANG_UP
    given = [signed(quoted, seconds=seconds) for seconds in (first, second)]
    for each in given:
        with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
            settle(quoted, each, now=timezone.now())
    assert own(Authorization).get().valid_before.timestamp() == max(each.transfer.valid_before for each in given)


@pytest.mark.parametrize("changes", [{"asked_at": NOW}, {"valid_before": NOW + timedelta(days=1)}, {"over_at": NOW}])
def test_one_that_somebody_took_up_since_it_was_read_is_not_closed(
    in_doubt: Authorization, quoted: CheckoutSession, monkeypatch: pytest.MonkeyPatch, changes: dict[str, datetime]
) -> None:
    def meanwhile(_network: Network) -> datetime:
        own(Authorization).update(**changes)
        return timezone.now() + timedelta(hours=1)

    monkeypatch.setattr(signed_rows, "read_until", meanwhile)
    kept.close_what_is_over(quoted, now=timezone.now())
    assert own(Authorization).get().stage == "settling"


def test_a_transaction_that_was_named_before_stays_named(in_doubt: Authorization) -> None:
    for told, named in (("", ""), (TX_HASH, TX_HASH), ("", TX_HASH), ("0x" + "12" * 32, "0x" + "12" * 32)):
        kept.keep_in_doubt(in_doubt, reason="r" * 600, tx_hash=told)
        row = own(Authorization).get()
        assert (row.tx_hash, row.reason) == (named, "r" * 500)
    kept.keep_unsent(in_doubt, reason="s" * 600, now=NOW)
    assert own(Authorization).values_list("stage", "reason", "over_at").get() == ("failed", "s" * 500, NOW)


def test_a_price_that_ends_at_this_moment_is_renewed(quoted: CheckoutSession) -> None:
    now = timezone.now()
    former = at(quoted, ends=now + timedelta(hours=1), holds=now).quote_id
    assert all_offered(again(quoted), now=now)[0].option.asset.symbol == "USDC"
    assert again(quoted).quote_id != former
