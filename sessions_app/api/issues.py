"""The decision queue over the API: what is odd and waits for the merchant."""

from django.utils import timezone
from rest_framework.response import Response

from common.fiat.currencies import Currency
from common.money import to_minor_unit
from merchants_app.frame.api_base import MerchantViewSet, lead_on
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.answers.shop import OpenIssue
from sessions_app.api.requests import ListIssues
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import case_of
from sessions_app.reading.queries import undecided, undecided_page
from sessions_app.scope import SessionScope
from sessions_app.state.representation import received_value, represent


class IssueViewSet(MerchantViewSet):
    """Issues: sessions that need a decision."""

    scopes = {"list": KeyScope.READ}

    def list(self, request: ApiRequest) -> Response:
        """A page of the queue, what waits longest first; `Link: <…>; rel="next"` leads on."""
        wanted = ListIssues.parse_query(request.query_params)
        queue = undecided_page(undecided(SessionScope.of(request)), limit=wanted.limit, after=wanted.after)
        response = Response([_represent(session) for session in queue.sessions])
        if queue.after:
            lead_on(response, request, {"limit": wanted.limit, "after": queue.after})
        return response


def _represent(session: CheckoutSession) -> OpenIssue:
    case = case_of(session)
    assert case is not None  # it is in the queue
    since = session.issue_opened_at  # type: ignore[attr-defined]  # annotated by `undecided`
    received = received_value(session)
    return OpenIssue(
        session_id=session.public_id,
        issue=case.issue,
        since=since,
        age_seconds=int((timezone.now() - since).total_seconds()),
        currency=Currency(session.currency),
        amount=to_minor_unit(session.amount, session.currency),
        amount_received=to_minor_unit(received, session.currency),
        difference=to_minor_unit(received - session.amount, session.currency),
        payments=list(case.payments),
        value=to_minor_unit(case.value, session.currency),
        suggested_decision=case.answers[0],
        decisions=list(case.answers),
        session=represent(session),
    )
