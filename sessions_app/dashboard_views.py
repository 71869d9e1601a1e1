"""Dashboard pages about sessions: overview, list, one session, decisions."""

from django.http import HttpRequest, HttpResponse

from merchants_app.access import Access, for_members
from merchants_app.pages import page


@for_members()
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    """What came in lately and what waits for somebody."""
    return page(request, access, "overview.html")
