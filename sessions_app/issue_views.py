"""The decision queue over the API: what is odd and waits for the merchant."""

from typing import Any

from django.utils import timezone
from rest_framework.response import Response

from common.moments import iso
from common.money import to_minor_unit
from merchants_app.api_base import ApiRequest, MerchantViewSet
from sessions_app.decisions import ANSWERS
from sessions_app.models import CheckoutSession
from sessions_app.queries import undecided
from sessions_app.representation import received_value, represent
from sessions_app.status import Issue

LIMIT = 100


class IssueViewSet(MerchantViewSet):
    """Issues: sessions that need a decision."""

    def list(self, request: ApiRequest) -> Response:
        """The oldest first, at most 100; deciding makes room for more."""
        return Response([_represent(session) for session in undecided(request.merchant, request.mode)[:LIMIT]])


def _represent(session: CheckoutSession) -> dict[str, Any]:
    answers = ANSWERS[Issue(session.issue or "")]
    received = received_value(session)
    return {
        "sessionId": session.public_id,
        "issue": session.issue,
        "since": iso(session.updated_at),
        "ageSeconds": int((timezone.now() - session.updated_at).total_seconds()),
        "currency": session.currency,
        "amount": to_minor_unit(session.amount, session.currency),
        "amountReceived": to_minor_unit(received, session.currency),
        "difference": to_minor_unit(received - session.amount, session.currency),
        "suggestedDecision": answers[0],
        "decisions": list(answers),
        "session": represent(session),
    }
