"""All that is kept about one buyer of a business and mode, as JSON that a person can be given."""

from django.utils import timezone

from merchants_app.audit import lines_about
from merchants_app.requests.stored_answers import answers_with
from sessions_app.answers.export import AuditLine, BuyerExport, DecisionMade, ExportedSession, Note, StatusChange
from sessions_app.buyers.representation import represent_customers
from sessions_app.models import CheckoutSession, Customer
from sessions_app.state.facts import with_facts
from sessions_app.state.representation import represent
from sessions_app.status import DecisionKind, Status
from webhooks_app.events.forgetting import events_about


def export_buyer(customer: Customer) -> BuyerExport:
    """Sessions, the webhooks about them and their answers, notes and audit lines. People of the business are not
    named."""
    merchant, mode = customer.merchant, customer.mode
    own = with_facts(CheckoutSession.objects.filter(customer=customer), "merchant").prefetch_related(
        "timeline", "notes"
    )
    sessions = list(own.prefetch_related("timeline", "notes").order_by("pk"))
    subjects = [session.public_id for session in sessions]
    refunds = [refund.public_id for session in sessions for refund in session.refunds.all()]
    lines = lines_about(merchant=merchant, mode=mode, subjects=[*subjects, *refunds, customer.public_id])
    return BuyerExport(
        business=merchant.name,
        livemode=mode == "live",
        exported_at=timezone.now(),
        customer=represent_customers([customer])[0],
        sessions=[_session(session) for session in sessions],
        events=events_about(merchant=merchant, mode=mode, subjects=subjects),
        audit_lines=[
            AuditLine(at=line.created_at, action=line.action, subject=line.subject, detail=line.detail)
            for line in lines
        ],
        stored_answers=[
            answer for _, answer in answers_with(customer.email or customer.public_id, merchant=merchant, mode=mode)
        ],
    )


def _session(session: CheckoutSession) -> ExportedSession:
    return ExportedSession(
        **dict(represent(session, most=None)),
        refund_address=session.refund_address or None,
        buyer_language=session.buyer_language or None,
        timeline=[
            StatusChange(at=change.at, status=Status(change.to_status), reason=change.reason)
            for change in session.timeline.all()
        ],
        decisions=[
            DecisionMade(at=decision.decided_at, decision=DecisionKind(decision.kind), note=decision.note)
            for decision in session.decisions.all()
        ],
        notes=[Note(at=note.written_at, text=note.text) for note in session.notes.all()],
    )
