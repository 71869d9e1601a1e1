"""What people say they have sent back without a refund of ours: told by a decision, named by its transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from sessions_app.models import BookLine, CheckoutSession, LineKind
from sessions_app.state.back import PRECISION, Back
from sessions_app.state.counting import ZERO
from sessions_app.state.facts import sent_back, with_facts
from sessions_app.status import DecisionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told to have gone back of one asset of a session, and its lines in the books so far."""

    network: str
    asset: str
    decimals: int
    at: datetime
    units: Decimal
    value: Decimal
    lines: Sequence[BookLine]

    def unbooked(self) -> tuple[Decimal, Decimal]:
        """Units, and their worth in the session's currency; below zero when less is told than was."""
        return self.units - self._booked("amount_units"), self.value - self._booked("value")

    def _booked(self, name: str) -> Decimal:
        signs = {LineKind.REFUNDED: 1, LineKind.REFUND_TAKEN_BACK: -1}
        return sum((signs[LineKind(line.kind)] * (getattr(line, name) or ZERO) for line in self.lines), ZERO)


def told_refunds(keys: Collection[int]) -> Iterator[tuple[CheckoutSession, Told]]:
    """Of those of these sessions in which there is or was anything of the kind. Three queries when there is."""
    lines: defaultdict[int, list[BookLine]] = defaultdict(list)
    for line in BookLine.objects.filter(session__in=keys, payment=None, refund=None).order_by("id"):
        lines[line.session_id or 0].append(line)
    told = CheckoutSession.objects.filter(pk__in=keys, decisions__kind=DecisionKind.REFUNDED)
    wanted = {*lines, *told.values_list("pk", flat=True)}
    if not wanted:
        return
    for session in with_facts(CheckoutSession.objects.filter(pk__in=wanted), "merchant").order_by("pk"):
        yield from ((session, each) for each in _of(session, lines[session.pk]))


def _of(session: CheckoutSession, lines: Sequence[BookLine]) -> Iterator[Told]:
    with localcontext(prec=PRECISION):
        back = _told_by_decisions(session)
    decimals = {(each.network, each.asset): each.decimals for each in session.payments.all()}
    at = max((each.at for each in back), default=session.updated_at)
    options = {(each.network, each.asset) for each in back} | {(line.network, line.asset) for line in lines}
    for network, asset in sorted(options):
        of_it = [each for each in back if (each.network, each.asset) == (network, asset)]
        yield Told(
            network=network,
            asset=asset,
            decimals=decimals[network, asset],
            at=at,
            units=sum((each.units for each in of_it), ZERO),
            value=sum((each.value for each in of_it), ZERO),
            lines=[line for line in lines if (line.network, line.asset) == (network, asset)],
        )


def _told_by_decisions(session: CheckoutSession) -> list[Back]:
    return [each for each in sent_back(session, is_sure=True) if each.is_told]
