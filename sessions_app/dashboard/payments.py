"""The dashboard's list of payments, beside the one of sessions."""

from django.http import HttpRequest, HttpResponse

from merchants_app.frame.access import Access, for_members
from merchants_app.frame.pages import page
from merchants_app.frame.paging import Cursor, may_lag
from sessions_app.books.definitions import MOST_SUMMED
from sessions_app.dashboard.filters.payments import PaymentFilters
from sessions_app.dashboard.filters.sessions import LINKS_OFFERED
from sessions_app.models import ViewOf
from sessions_app.reading.payment_list import list_payments
from sessions_app.scope import SessionScope

SIZE = 25


@for_members()
@may_lag
def payments(request: HttpRequest, access: Access) -> HttpResponse:
    """Each movement, as the address says: filters, `?q=` what is looked for, `?sort=`, a page."""
    scope, cursor = SessionScope.of(access), Cursor.of(request.GET)
    form = PaymentFilters(request.GET, access=access, links=scope.links()[:LINKS_OFFERED])
    wanted = form.wanted()
    listed = list_payments(scope, wanted, beyond=cursor.row, back=cursor.back, size=SIZE)
    return page(
        request,
        access,
        "payments.html",
        form=form,
        wanted=wanted,
        listed=listed,
        shown=cursor.slice(listed.payments, request.GET, more=listed.more),
        counted=None if listed.totals is None else sum(each.payments for each in listed.totals),
        most_summed=MOST_SUMMED,
        views=scope.views(access.user, ViewOf.PAYMENTS),
    )
