"""Dashboard pages of customers: who buys, how often, for how much."""

from django.http import HttpRequest, HttpResponse

from merchants_app.frame.access import Access, for_members
from merchants_app.frame.pages import page
from merchants_app.frame.paging import SIZE, Cursor, may_lag
from sessions_app.dashboard.filters.customers import CustomerFilters
from sessions_app.reading.people import BY_WORTH, buyers, list_customers, notes_about, sessions_of
from sessions_app.scope import SessionScope

LATEST = 10


@for_members()
@may_lag
def customers(request: HttpRequest, access: Access) -> HttpResponse:
    """All of them, or those who are looked for by `?q=`; sorted as `?sort=` says, newest first without it."""
    form, cursor = CustomerFilters(request.GET), Cursor.of(request.GET)
    asked, order = form.given("q") or "", form.order()
    listed = list_customers(SessionScope.of(access), asked, order, beyond=cursor.row, back=cursor.back, size=SIZE)
    return page(
        request,
        access,
        "customers.html",
        shown=cursor.slice(listed.customers, request.GET, more=listed.more),
        rows=buyers(listed.customers),
        asked=asked,
        form=form,
        is_by_worth=order in BY_WORTH,
        among=listed.among,
    )


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
