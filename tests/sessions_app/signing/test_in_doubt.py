"""A signature that was handed over may move money until the chain shows that it has not: no second one beside it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from chains_app.calls.facilitator import FacilitatorAway, verify
from chains_app.models import ScanCursor
from merchants_app.businesses.switches import switch
from merchants_app.models import Feature
from sessions_app.errors import AnotherSigned, SettlementInDoubt
from sessions_app.models import Authorization, CheckoutSession, Quote
from sessions_app.paying.announcing import announced
from sessions_app.paying.paying_again import BUYER
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.signed import under_way
from sessions_app.signing.asked import again
from sessions_app.signing.kept import another_signed
from sessions_app.signing.settling import settle
from sessions_app.state.lifecycle import cancel
from tests.facilitator import DEVCHAIN, PAT, TX_HASH, Facilitator
from tests.loopback import HANG_UP
from tests.markup import text_of
from tests.sessions_app.signing.buyer import OTHER, settled, signed
from tests.strangers.world import own


def left_in_doubt(session: CheckoutSession, facilitator: Facilitator) -> None:
    """The facilitator hangs up on a signature of Pat's that is handed over."""
    facilitator.says["/settle"] = HANG_UP
    with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
        settled(session)
    del facilitator.says["/settle"]


def is_over_by_the_clock() -> None:
    """The signature's time passed three minutes ago."""
    own(Authorization).update(valid_before=timezone.now() - timedelta(minutes=3))


def devchain_is_read(*, ago: timedelta = timedelta(0), behind: int = 0) -> None:
    """Its last scan was so long ago, and ended so many blocks (of 2 s) below the newest."""
    cursor = ScanCursor(network="devchain", block_number=1000, block_hash="0x" + "12" * 32, head=1000 + behind)
    cursor.scanned_at = timezone.now() - ago
    cursor.save()


@pytest.mark.parametrize("other", [("USDC", "sidechain"), ("USDT", "devchain")], ids=" on ".join)
def test_one_nonce_on_two_contracts_is_two_payments(
    several: CheckoutSession, facilitator: Facilitator, other: tuple[str, str]
) -> None:
    left_in_doubt(several, facilitator)
    asset, network = other
    choose_option(session=several, asset=asset, network=network, now=timezone.now())
    with pytest.raises(AnotherSigned, match=rf"of {PAT.address} for USDC on Devchain, may still be used until"):
        settled(again(several))
    assert facilitator.times("/settle") == 1
    assert own(Authorization).get().network == "devchain"


@pytest.mark.parametrize(
    "answer",
    [
        {"errorReason": "settlement_pending", "transaction": TX_HASH, "network": DEVCHAIN},
        {"errorReason": "invalid_transaction_state", "transaction": TX_HASH, "network": DEVCHAIN},
        {"errorReason": "invalid_exact_evm_transaction_failed", "transaction": "", "network": DEVCHAIN},
        {"errorReason": "invalid_exact_evm_payload_simulation_failed", "transaction": "", "network": DEVCHAIN},
        {"errorReason": "settlement_pending", "transaction": TX_HASH, "network": "eip155:1"},
    ],
    ids=["lost sight of", "reverted", "lost its node", "not tried", "elsewhere"],
)
def test_a_no_to_what_was_handed_over_is_never_told_as_unsent(
    quoted: CheckoutSession, facilitator: Facilitator, answer: dict[str, str]
) -> None:
    facilitator.says["/settle"] = {"success": False} | answer
    with pytest.raises(SettlementInDoubt, match=r"has not confirmed it\. Do not pay again yet") as refusal:
        settled(quoted)
    named = TX_HASH if answer["transaction"] and answer["network"] == DEVCHAIN else ""
    row = under_way(quoted)
    assert row is not None
    until = f"{row.valid_before:%Y-%m-%dT%H:%M:%S}.000Z"
    assert refusal.value.about == {"reason": answer["errorReason"], "transaction": named or None, "until": until}
    assert (row.stage, row.reason, row.tx_hash) == ("settling", answer["errorReason"], named)
    said = announced(again(quoted), now=timezone.now())
    assert (said.tx_hash if said else "") == named


def test_a_facilitator_that_is_away_the_second_time_does_not_undo_the_first(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    left_in_doubt(quoted, facilitator)
    facilitator.says["/verify"] = HANG_UP
    with pytest.raises(FacilitatorAway, match="hung up"):  # it is left alone for a while now
        verify({}, {})
    with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
        settled(quoted)
    assert under_way(quoted) is not None


@pytest.mark.parametrize(
    "read",
    [None, {"ago": timedelta(minutes=2)}, {"behind": 60}],
    ids=["never", "not since", "lagging"],
)
def test_a_signature_is_not_over_by_our_clock_alone(
    quoted: CheckoutSession, facilitator: Facilitator, read: dict[str, Any] | None
) -> None:
    left_in_doubt(quoted, facilitator)
    is_over_by_the_clock()
    if read is not None:
        devchain_is_read(**read)
    with pytest.raises(AnotherSigned, match="may have been used: we have not seen yet whether it was"):
        settled(quoted, wallet=OTHER)
    page = Client().get(f"/pay/{quoted.page_token}").content.decode()
    assert "We have not seen yet on Devchain whether it was sent." in text_of(page)
    assert facilitator.times("/settle") == 1


def test_one_that_hangs_is_waited_for_no_longer_than_it_may(
    quoted: CheckoutSession, facilitator: Facilitator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chains_app.calls.facilitator.SETTLE_SECONDS", 0.2)
    facilitator.says["/settle"] = facilitator.hang
    with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
        settled(quoted)
    assert under_way(quoted) is not None


def test_what_becomes_of_one_is_written_into_its_own_row_alone(
    quoted: CheckoutSession, new_session: Callable[..., CheckoutSession], facilitator: Facilitator
) -> None:
    other = new_session(reference="2")
    choose_option(session=other, asset="USDC", network="devchain", now=timezone.now())
    for session in (quoted, again(other)):
        left_in_doubt(session, facilitator)
    settled(quoted)
    assert list(own(Authorization).order_by("id").values_list("stage", "tx_hash")) == [
        ("settled", TX_HASH), ("settling", ""),
    ]  # fmt: skip


def test_in_the_second_in_which_its_time_is_over_nobody_is_told_to_wait_until_then(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    left_in_doubt(quoted, facilitator)
    row = own(Authorization).get()
    assert "may still be used until" in str(another_signed(row, now=row.valid_before - timedelta(seconds=1)))
    assert "may have been used" in str(another_signed(row, now=row.valid_before))


def test_one_in_doubt_is_asked_again_with_the_same(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    given = signed(quoted)
    facilitator.says["/settle"] = HANG_UP
    with pytest.raises(SettlementInDoubt, match="Do not pay again yet"):
        settle(quoted, given, now=timezone.now())
    del facilitator.says["/settle"]
    assert settle(quoted, given, now=timezone.now()).stage == "settled"
    assert own(Authorization).count() == 1


def test_while_one_may_move_money_no_other_is_handed_over(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    left_in_doubt(quoted, facilitator)
    with pytest.raises(AnotherSigned, match=f"An earlier signature, of {PAT.address} for USDC on Devchain, may still"):
        settled(quoted, wallet=OTHER)
    with pytest.raises(AnotherSigned, match="may still be used until"):
        settled(quoted, nonce=b"7" * 32)
    assert facilitator.times("/settle") == 1


def test_after_its_time_another_may_be_signed(quoted: CheckoutSession, facilitator: Facilitator) -> None:
    left_in_doubt(quoted, facilitator)
    is_over_by_the_clock()
    devchain_is_read()
    assert settled(quoted, wallet=OTHER).stage == "settled"
    assert [each.stage for each in own(Authorization).order_by("id")] == ["failed", "settled"]


def test_a_facilitator_that_names_a_transaction_that_never_comes_bars_nobody_for_ever(quoted: CheckoutSession) -> None:
    settled(quoted)
    is_over_by_the_clock()
    devchain_is_read()
    assert settled(quoted).stage == "settled"


def test_while_an_operator_has_it_off_what_was_handed_over_is_still_told(
    quoted: CheckoutSession, facilitator: Facilitator
) -> None:
    left_in_doubt(quoted, facilitator)
    switch(Feature.SIGNED_PAYMENTS, on=False, by="operator", because="It lies.", now=timezone.now())
    page = f"/pay/{quoted.page_token}"
    assert "Your signed payment was handed over" in Client().get(page).content.decode()
    answer = Client().get(f"{page}/to-sign", {"sender": PAT.address})
    assert (answer.status_code, answer.json()["detail"]) == (409, "No signed payments are taken here: send it.")


@pytest.mark.parametrize("end", ["by time", "by the buyer"])
def test_what_was_handed_over_keeps_its_buyer_from_paying_again(
    several: CheckoutSession, facilitator: Facilitator, client: Client, end: str
) -> None:
    own(CheckoutSession).update(allow_pay_again=True)
    left_in_doubt(again(several), facilitator)
    if end == "by time":
        own(CheckoutSession).update(expires_at=timezone.now())
    else:
        cancel(several, actor=BUYER)
    html = client.get(f"/pay/{several.page_token}").content.decode()
    assert "Your signed payment was handed over" in html
    assert "please do not pay in another way before." in html
    assert "You can sign" not in html
    assert "A payment may be on its way. We look for it: please do not send another one." in html
    assert "Pay again" not in html
    assert client.post(f"/pay/{several.page_token}/again").status_code == 409
    is_over_by_the_clock()
    devchain_is_read()
    assert "Pay again" in client.get(f"/pay/{several.page_token}").content.decode()


@pytest.mark.parametrize("view", ["choose", "lapsed"])
def test_whatever_the_page_asks_for_it_tells_of_what_was_handed_over(
    several: CheckoutSession, facilitator: Facilitator, client: Client, view: str
) -> None:
    left_in_doubt(several, facilitator)
    if view == "lapsed":
        own(Quote).update(valid_until=timezone.now())
    html = client.get(f"/pay/{several.page_token}{'?change=1' if view == 'choose' else ''}").content.decode()
    assert f'data-state="{view}"' in html
    assert "Your signed payment was handed over" in html
