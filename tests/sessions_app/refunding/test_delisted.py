"""A refund in what the operator has taken out of the list since: seen, and withdrawn."""

import pytest

from sessions_app.models import CheckoutSession, Refund
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.status import RefundKind
from tests.cast import PATS_WALLET
from tests.desk import Desk
from tests.sandbox import Sandbox


@pytest.mark.parametrize("gone", [{"asset": "GONE"}, {"network": "gone"}])
def test_one_whose_asset_is_listed_no_more_is_shown_and_can_only_be_withdrawn(
    sandbox: Sandbox, session: CheckoutSession, desk: Desk, gone: dict[str, str]
) -> None:
    session = sandbox.play(session, "over", asset="USDC")
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS), named=PATS_WALLET)
    refund = prepare_refund(session=session, wish=wish, actor="mia")
    Refund.objects.filter(pk=refund.pk).update(**gone)
    at = f"sessions/{session.public_id}/refund/{refund.public_id}"
    page = desk.read(at)
    assert "is listed here no more, so this can only be withdrawn" in page
    assert page.count('name="act"') == page.count('value="withdraw"') == 1
    assert "data-call" not in page
    for act in ("sent", "play"):
        assert desk.post(at, act=act, tx_hash="0x" + "ab" * 32).status_code == 404
    assert desk.post(at, act="withdraw").status_code == 302
    refund.refresh_from_db()
    assert refund.status == "withdrawn"
    assert "Withdrawn: it will not be sent." in desk.read(at)


def test_one_that_was_sent_before_is_looked_for_first(sandbox: Sandbox, session: CheckoutSession, desk: Desk) -> None:
    session = sandbox.play(session, "over", asset="USDC")
    wish = Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS), named=PATS_WALLET)
    refund = prepare_refund(session=session, wish=wish, actor="mia")
    sent_as = "0x" + "ab" * 32
    Refund.objects.filter(pk=refund.pk).update(asset="GONE", told_tx=sent_as)
    page = desk.read(f"sessions/{session.public_id}/refund/{refund.public_id}")
    assert f"sent already, as {sent_as}: look there first, and withdraw only if it was dropped." in page
    assert "can only be withdrawn" not in page
    Refund.objects.filter(pk=refund.pk).update(told_problem="This transaction failed.")
    assert "can only be withdrawn" in desk.read(f"sessions/{session.public_id}/refund/{refund.public_id}")
