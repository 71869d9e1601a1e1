"""An operator looks at a business in a member's place: half an hour, a reason, an audit line, a letter.

It is no sign-in: the operator stays who they are, reaches nothing of the member's account, and sees what a viewer of
the business sees, whatever the member's role is.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from common.errors import NotFound
from merchants_app.audit import record
from merchants_app.mail.mails import mail_owners
from merchants_app.models import Member, Merchant, OperatorVisit, User
from merchants_app.people.operators import NotForOperators, given_reason, is_operator, operator_name

LASTS = timedelta(minutes=30)


def begin_visit(
    *, merchant: Merchant, member_id: int, by: User, reason: str, now: datetime | None = None
) -> OperatorVisit:
    """Begins one; a former one of the same operator ends. Raises ReasonMissing, NotFound, or NotForOperators."""
    reason, now = given_reason(reason), now or timezone.now()
    with transaction.atomic():
        member = Member.objects.filter(merchant=merchant, pk=member_id).select_related("user").first()
        if member is None:
            raise NotFound("There is no such member.", attr="member")
        if is_operator(member.user):
            raise NotForOperators(f"{member.user.email} is an operator: choose a member who is none.", attr="member")
        if Member.objects.filter(merchant=merchant, user=by).exists():
            raise NotForOperators(f"You work for {merchant.name} yourself: open its dashboard.")
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one visit at a time, two tabs or not
        for former in OperatorVisit.objects.filter(operator=by, ended_at=None):
            end_visit(former, now=now)
        visit = OperatorVisit.objects.create(
            merchant=merchant, operator=by, shown_as=member.user, reason=reason, began_at=now, until=now + LASTS
        )
        record(
            merchant=merchant,
            actor=operator_name(by),
            action="operator.looks_in",
            subject=member.user.email,
            reason=reason,
            until=visit.until.isoformat(timespec="seconds"),
        )
        mail_owners(merchant=merchant, template="operator_visit", visit=visit)
    return visit


@transaction.atomic
def end_visit(visit: OperatorVisit, *, now: datetime | None = None) -> None:
    """Ends it, now or when its time was over, with an audit line. Ended already: nothing happens."""
    at = min(now or timezone.now(), visit.until)
    if OperatorVisit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=at):
        record(
            merchant=visit.merchant,
            actor=operator_name(visit.operator),
            action="operator.left",
            subject=visit.shown_as.email,
            ended_at=at.isoformat(timespec="seconds"),
        )


def visit_in_force(visit_id: int, *, operator: User, now: datetime) -> OperatorVisit | None:
    """The operator's visit, if it goes on; one whose time is over is ended."""
    visits = OperatorVisit.objects.select_related("merchant", "shown_as", "operator")
    visit = visits.filter(pk=visit_id, operator=operator, ended_at=None).first()
    if visit is not None and visit.until <= now:
        end_visit(visit, now=now)
        return None
    return visit


def end_overdue(now: datetime) -> int:
    """Ends visits that nobody left, for the audit log's sake; answers how many. Safe to run twice at once."""
    overdue = list(OperatorVisit.objects.filter(ended_at=None, until__lte=now).select_related("merchant", "operator"))
    for visit in overdue:
        end_visit(visit, now=now)
    return len(overdue)
