"""What a change leaves the buyer in writing: letters that are owed, and the row of a receipt, written with the change.

`letters/sending.py` sends the one, `receipts/issuing.py` signs the other. The business's switches and the mode are
asked here already, so that a page may say of a row that it is being sent. In test mode nobody but the business's own
people is written to, whoever asks: free words to any address are no test. A letter that takes back what another one
said is owed to whoever was owed that one, whatever is switched off by now.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings

from common.email_addresses import folded
from common.mail_backends import NOWHERE
from common.modes import Mode
from merchants_app.models import BuyerLetter, Member, Merchant
from sessions_app.models import CheckoutSession, Letter, Receipt, receipt_token
from sessions_app.status import Issue, LetterKind, LetterOutcome, Status

_OVER = frozenset({Status.EXPIRED, Status.CANCELLED})
# What each takes back or confirms again: owed only where one of those was, and it was not told since.
_AFTER = {
    LetterKind.TAKEN_BACK: frozenset({LetterKind.RECEIPT, LetterKind.RESTORED}),
    LetterKind.RESTORED: frozenset({LetterKind.TAKEN_BACK}),
    LetterKind.REFUND_UNDONE: frozenset({LetterKind.REFUND_DONE}),
}
# Counts what each kind tells of anew: as often as that was taken back before.
_COUNTED_BY = {
    LetterKind.TAKEN_BACK: LetterKind.TAKEN_BACK,
    LetterKind.RESTORED: LetterKind.TAKEN_BACK,
    LetterKind.REFUND_SENT: LetterKind.REFUND_UNDONE,
    LetterKind.REFUND_DONE: LetterKind.REFUND_UNDONE,
    LetterKind.REFUND_UNDONE: LetterKind.REFUND_UNDONE,
    LetterKind.REFUND_ADDRESS: LetterKind.REFUND_ADDRESS,
}


class State(Protocol):
    """How a session stands, by itself or as it was worked out."""

    @property
    def status(self) -> str: ...
    @property
    def issue(self) -> str | None: ...
    @property
    def needs_decision(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A letter that something that happened asks for. Its session is locked."""

    session: CheckoutSession
    kind: LetterKind
    about: str = ""  # the refund's public id
    is_asked: bool | None = None  # a person or a shop said yes or no; None: as the business has it
    is_again: bool = False  # though the same was told before


def letters_on_moving(session: CheckoutSession, before: State, after: State) -> list[Owed]:
    """What a session's change of state asks for. That a payment is there again is no state: `lifecycle` sees it."""
    kinds = []
    if before.status != Status.COMPLETED == after.status:
        kinds.append(LetterKind.RECEIPT)
    if keeps_money(after) and not keeps_money(before):
        kinds.append(LetterKind.EXPIRED)
    if is_taken_back(after) and not is_taken_back(before):
        kinds.append(LetterKind.TAKEN_BACK)
    return [Owed(session=session, kind=kind) for kind in kinds]


def is_taken_back(state: State) -> bool:
    """Whether it was paid, the network took that back, and nobody has decided on it yet."""
    return state.issue == Issue.REVERSED and state.needs_decision


def keeps_money(state: State) -> bool:
    """Whether it is over without being paid, and what came has to be decided on."""
    return state.status in _OVER and state.needs_decision


def owe(letters: Sequence[Owed], *, now: datetime) -> int:
    """Writes them; returns how many go. Call it in the transaction of what they tell; told twice, each is owed once."""
    begin_receipts([each.session for each in letters if each.kind == LetterKind.RECEIPT])
    if settings.EMAIL_BACKEND == NOWHERE:
        return 0  # no mail server is set: nobody is promised a letter
    wanted = [each for each in letters if each.session.email]
    if not wanted:
        return 0
    former = _former({each.session.pk for each in wanted})
    off = dict(
        Merchant.objects.filter(pk__in={_merchant(each) for each in wanted}).values_list("pk", "buyer_letters_off")
    )
    insiders = _insiders(each.session for each in wanted if each.session.mode == Mode.TEST)
    rows = [
        Letter(
            session=each.session,
            kind=each.kind,
            about=each.about,
            round=_round(each, former),
            owed_at=now,
            due_at=now,
        )
        for each in wanted
        if _goes(each, former, off=off[_merchant(each)], insiders=insiders)
    ]
    Letter.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def has_receipt_letter(session: CheckoutSession) -> bool:
    """Whether the receipt is on its way to the buyer's mailbox, or there."""
    going = Letter.objects.filter(session=session, kind=LetterKind.RECEIPT)
    return going.filter(outcome__in=["", LetterOutcome.SENT]).exists()


def begin_receipts(paid: Sequence[CheckoutSession]) -> None:
    """For who is owed no letter, too: every page of a paid session leads to its receipt."""
    if paid:
        rows = [Receipt(session=session, token=receipt_token(session.page_token)) for session in paid]
        Receipt.objects.bulk_create(rows, ignore_conflicts=True)


def _goes(
    owed: Owed, former: Sequence[tuple[int, str, str]], *, off: Collection[str], insiders: Collection[tuple[int, str]]
) -> bool:
    if taken_back := _AFTER.get(owed.kind):
        return _last_told(owed, former, among={owed.kind, *taken_back}) in taken_back
    if owed.session.mode == Mode.TEST and (_merchant(owed), folded(owed.session.email)) not in insiders:
        return False
    if owed.is_asked is not None:
        return owed.is_asked
    return owed.kind.value in BuyerLetter.values and owed.kind not in off


def _last_told(owed: Owed, former: Sequence[tuple[int, str, str]], *, among: Collection[str]) -> str | None:
    of_it = (kind for session, kind, about in reversed(former) if (session, about) == (owed.session.pk, owed.about))
    return next((kind for kind in of_it if kind in among), None)


def _round(owed: Owed, former: list[tuple[int, str, str]]) -> int:
    counter = owed.kind if owed.is_again else _COUNTED_BY.get(owed.kind)
    count = former.count((owed.session.pk, counter, owed.about)) if counter else 0
    return count - 1 if owed.kind == LetterKind.RESTORED else count


def _former(sessions: Collection[int]) -> list[tuple[int, str, str]]:
    """Of these sessions, the oldest first."""
    return list(Letter.objects.filter(session__in=sessions).order_by("pk").values_list("session", "kind", "about"))


def _insiders(sessions: Iterable[CheckoutSession]) -> set[tuple[int, str]]:
    """Of test sessions' buyers those who work for the business: nobody else gets a letter about play money."""
    found = list(sessions)
    if not found:
        return set()
    people = Member.objects.filter(
        merchant__in={each.merchant_id for each in found}, user__email__in={folded(each.email) for each in found}
    )
    return set(people.values_list("merchant", "user__email"))


def _merchant(owed: Owed) -> int:
    return owed.session.merchant_id
