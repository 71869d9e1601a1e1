"""Pages on the way in: an invitation that is opened, and a first business where anybody may have one."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from common.errors import DomainError, NotFound
from common.modes import Mode
from merchants_app.businesses.founding import found_business, open_to_all
from merchants_app.frame.access import ask_who_it_is
from merchants_app.frame.forms import BusinessForm, PasswordForm, refuse
from merchants_app.frame.places import Place
from merchants_app.models import Invitation, Member, User
from merchants_app.people import invitations


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password1", "password2")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever opens it has the mailbox that it went to: they accept with their account, or make one."""
    try:
        found = invitations.find_invitation(secret)
    except DomainError as error:
        status = 404 if isinstance(error, NotFound) else 410
        return render(request, "entrance/invitation_over.html", {"reason": error.detail}, status=status)
    if isinstance(request.user, User):
        return _answer_as(request, request.user, found, secret)
    form = PasswordForm(request.POST if request.method == "POST" else None, email=found.email)
    if form.is_valid():
        try:
            member = invitations.sign_up(secret=secret, password=form.cleaned_data["password1"])
        except DomainError as error:
            refuse(form, error)
        else:
            login(request, member.user)
            return _to_work(member)
    return render(request, "entrance/invitation.html", {"invitation": found, "form": form})


def _answer_as(request: HttpRequest, user: User, found: Invitation, secret: str) -> HttpResponse:
    reason = ""
    if request.method == "POST":
        if invitations.asks_for_password(invitation=found, user=user):
            ask_who_it_is(request)
        try:
            return _to_work(invitations.accept(secret=secret, user=user))
        except DomainError as error:
            reason = error.detail
    shown = {
        "invitation": found,
        "reason": reason or invitations.why_not(invitation=found, user=user),
        "gets_address": invitations.asks_for_password(invitation=found, user=user),
    }
    return render(request, "entrance/accept.html", shown)


def _to_work(member: Member) -> HttpResponse:
    return redirect("dashboard:overview", at=Place(member.merchant.public_id, Mode.TEST))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_business(request: HttpRequest) -> HttpResponse:
    """The name of a first business, for somebody who has just signed up."""
    form = BusinessForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and isinstance(request.user, User):
        try:
            merchant = found_business(name=form.cleaned_data["name"], user=request.user)
        except DomainError as error:
            refuse(form, error)
        else:
            return redirect("dashboard:overview", at=Place(merchant.public_id, Mode.TEST))
    return render(request, "entrance/new_business.html", {"form": form, "is_open": open_to_all()})
