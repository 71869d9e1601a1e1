"""What was decided about the strangers' money: one of each kind, and what is to go back."""

from datetime import timedelta

from django.utils import timezone

from sessions_app.letters.at_once import name_address
from sessions_app.models import Payment, Refund, RefundCandidate
from sessions_app.paying.decisions import case_of, decide
from sessions_app.paying.second_thoughts import decide_soon
from sessions_app.reading.queries import session_for_buyer, undecided, undecided_page
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.scope import SessionScope
from sessions_app.status import DecisionKind, RefundKind
from tests.strangers.businesses import Business
from tests.strangers.world import World

FAR = timezone.now() + timedelta(days=365 * 40)  # no clock of a test ends what runs until then
ELSEWHERE = "0x71bE63f3384f5fb98995898A86B02Fb2426c5788"
NETWORKS = {"test": ("sepolia", "base-sepolia"), "live": ("base", "bsc")}


def decisions(world: World, business: Business) -> None:
    """One is decided; of two the excess is to go back."""
    now, owner = timezone.now(), world.people["owner"].email
    for word, refund in (("odd", "refund"), ("other_odd", "other_refund")):
        odd = leave_address(session_for_buyer(world.ids[f"{word}_page"]), business.buyers_wallet)
        assert (odd.status, odd.issue, odd.needs_decision) == ("completed", "overpaid", True)
        world.ids[refund] = prepare_refund(
            session=odd, wish=Wish(network=NETWORKS[world.mode][0], asset="USDC", what=Worth(RefundKind.EXCESS)),
            actor=owner, now=now,
        ).public_id  # fmt: skip
        RefundCandidate.objects.create(
            refund=Refund.objects.get(public_id=world.ids[refund]), tx_hash=f"0x{len(world.marks):064x}", log_index=1,
            seen_at=now,
        )  # fmt: skip
    world.ids["payment"] = Payment.objects.get(session__public_id=world.ids["odd"]).public_id
    # The other one was decided a moment ago.
    case = case_of(odd)
    assert case
    decide_soon(
        session=odd, kind=DecisionKind.WRITE_OFF, actor=owner, issue=case.issue, payments=case.payments, now=FAR
    )
    world.ids |= {"network": NETWORKS[world.mode][0], "wallet": business.buyers_wallet}
    rest = undecided_page(undecided(SessionScope.of(odd)), limit=1, after=None).after
    world.ids["in_queue"] = str(rest)
    # The buyer of one wants it elsewhere, and has not typed the code yet.
    change = name_address(session_for_buyer(world.ids["other_odd_page"]), ELSEWHERE, now=now)
    assert change
    world.ids["change"] = change.public_id
    decided = session_for_buyer(world.ids["decided_page"])
    decide(session=decided, kind=DecisionKind.ACCEPT, actor=owner)
    decided.searches.create(actor=owner, asked_at=now - timedelta(days=1), done_at=now, said=f"Nothing, {owner}.")
    assert session_for_buyer(world.ids["paid_page"]).status == "completed"
