"""Dashboard pages of customers: who buys, how often, for how much."""

from django.http import HttpRequest, HttpResponse

from merchants_app.frame.access import Access, for_members
from merchants_app.frame.pages import page
from merchants_app.frame.paging import may_lag, newest_first
from sessions_app.reading.people import buyers, customers_found, notes_about, sessions_of
from sessions_app.scope import SessionScope

LATEST = 10


@for_members()
@may_lag
def customers(request: HttpRequest, access: Access) -> HttpResponse:
    """All of them, newest first, or those who are looked for by `?q=`."""
    asked = request.GET.get("q", "")
    shown = newest_first(customers_found(SessionScope.of(access), asked), request.GET)
    return page(request, access, "customers.html", shown=shown, rows=buyers(shown.rows), asked=asked)


@for_members()
def customer(request: HttpRequest, access: Access, customer_id: str) -> HttpResponse:
    """One of them, with their latest sessions."""
    scope = SessionScope.of(access)
    found = scope.customer(customer_id)
    (buyer,) = buyers([found])
    theirs = sessions_of(scope, found)
    named = theirs.exclude(refund_address="").values_list("refund_address", flat=True).first()
    return page(
        request,
        access,
        "customer.html",
        buyer=buyer,
        rows=theirs[:LATEST],
        refund_address=named,
        notes=notes_about(found)[:LATEST],
    )
