"""Whether what a letter tells is still so when it leaves: what was overtaken is not sent."""

from sessions_app.letters.about import About
from sessions_app.models import Letter
from sessions_app.owed.letters import keeps_money
from sessions_app.state.evaluation import is_lost, is_restored, is_taken_back
from sessions_app.state.facts import facts_of
from sessions_app.status import LetterKind, LetterOutcome, RefundStatus, Status

_REFUND_STANDS = {
    LetterKind.REFUND_WHERE: RefundStatus.WAITING_FOR_ADDRESS,
    LetterKind.REFUND_SENT: RefundStatus.SEEN,
    LetterKind.REFUND_DONE: RefundStatus.CONFIRMED,
}


def is_still_so(about: About) -> bool:
    """Asked under the letter's lock, right before it is written."""
    kind, session, refund = LetterKind(about.letter.kind), about.session, about.refund
    match kind:
        case LetterKind.ASKED_TO_PAY:
            return session.status == Status.OPEN
        case LetterKind.RECEIPT:
            return not is_lost(facts_of(session))
        case LetterKind.TAKEN_BACK:
            facts, told = facts_of(session), _last_told(about) in {LetterKind.RECEIPT, LetterKind.RESTORED}
            return is_taken_back(facts) and told
        case LetterKind.RESTORED:
            last = _last_told(about)
            never_told = last is None and _was(about, LetterKind.RECEIPT, LetterOutcome.OVERTAKEN)
            return is_restored(facts_of(session)) and (last == LetterKind.TAKEN_BACK or never_told)
        case LetterKind.EXPIRED:
            return keeps_money(session)
        case LetterKind.REFUND_UNDONE:
            told = _was(about, LetterKind.REFUND_DONE)
            return refund is not None and refund.status != RefundStatus.CONFIRMED and told
        case LetterKind.REFUND_ADDRESS:
            later = Letter.objects.filter(session=session, kind=kind, round__gt=about.letter.round)
            return not later.exists()
        case _:
            return refund is not None and refund.status == _REFUND_STANDS[kind]


def _last_told(about: About) -> str | None:
    """Which letter about whether the payment is there was the last that was sent before this one."""
    kinds = (LetterKind.RECEIPT, LetterKind.TAKEN_BACK, LetterKind.RESTORED)
    sent = Letter.objects.filter(session=about.session, kind__in=kinds, outcome=LetterOutcome.SENT)
    return sent.filter(pk__lt=about.letter.pk).order_by("-pk").values_list("kind", flat=True).first()


def _was(about: About, kind: LetterKind, outcome: LetterOutcome = LetterOutcome.SENT) -> bool:
    """Whether a letter of that kind about the same was sent before this one, or what else became of it."""
    same = Letter.objects.filter(session=about.session, about=about.letter.about, kind=kind, outcome=outcome)
    return same.filter(pk__lt=about.letter.pk).exists()
