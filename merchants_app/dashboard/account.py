"""allauth's page of the e-mail address, for people whose present address is proven."""

from allauth.account import views
from allauth.account.decorators import verified_email_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase


@verified_email_required  # type: ignore[untyped-decorator]
def email(request: HttpRequest) -> HttpResponseBase:
    """The address, and another one in its place. Who has proven none so far gets a letter that says so."""
    answer: HttpResponseBase = views.email(request)
    return answer
