"""Dashboard page of the team: who works here, invite, another role, take out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from common.errors import DomainError
from merchants_app.frame.access import Access, Power, always, for_members
from merchants_app.frame.forms import InviteForm, RoleForm, once, refuse
from merchants_app.frame.pages import page
from merchants_app.keys.holders import KeysGo, keys_held
from merchants_app.models import Role
from merchants_app.people import invitations, team
from merchants_app.powers import who_may_what, whose_keys_may_what
from merchants_app.scope import Scope

# What the page says about each role; powers.py has the table that decides.
ROLE_WORDS = {
    Role.OWNER: "Everything, also where money goes and who works here.",
    Role.DEVELOPER: "API keys and webhooks; in test mode also sessions and the treasury.",
    Role.SUPPORT: "Sessions: end them, decide odd payments, refund, collect. Exports books and buyers.",
    Role.VIEWER: "Looks and exports the books, changes nothing: for a bookkeeper, say.",
}


@for_members(change=Power.MANAGE_TEAM, fresh=always)
def members(request: HttpRequest, access: Access) -> HttpResponse:
    """The team, and who was asked into it; a POST invites somebody."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            email = once(request, access, lambda: _invited(form, access))
        except DomainError as error:
            refuse(form, error)
        else:
            if Scope.of(access).invitations().filter(email=email).exists():
                messages.success(request, f"{email} was written to, and joins by opening the letter.")
            else:
                messages.warning(request, "This form was sent before. Its invitation was answered or taken back since.")
            return redirect("dashboard:team", at=access.at)
    scope, now, held = Scope.of(access), timezone.now(), keys_held(access.merchant)
    return page(
        request,
        access,
        "team.html",
        form=form,
        members=[(member, held[member.user_id]) for member in scope.members()],
        invitations=[(each, each.is_over(now)) for each in scope.invitations()],
        roles=Role.choices,
        role_words=[(role.label, text) for role, text in ROLE_WORDS.items()],
        role_labels=Role.labels,
        powers=who_may_what(),
        scopes=whose_keys_may_what(),
    )


def _invited(form: InviteForm, access: Access) -> str:
    email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
    return invitations.invite(
        merchant=access.merchant, email=email, role=role, actor=access.actor, by=access.user
    ).email


@for_members(see=None, change=Power.MANAGE_TEAM, fresh=always)
def write_again(request: HttpRequest, access: Access, invitation_id: int) -> HttpResponse:
    """Another letter to somebody who was invited."""
    invited = invitations.write_again(merchant=access.merchant, invitation_id=invitation_id, by=access.user)
    messages.success(request, f"{invited.email} was written to again. The former letter's link works no more.")
    return redirect("dashboard:team", at=access.at)


@for_members(see=None, change=Power.MANAGE_TEAM)
def withdraw(request: HttpRequest, access: Access, invitation_id: int) -> HttpResponse:
    """Takes an invitation back. No password: whoever sees a wrong one should be quick."""
    invited = invitations.withdraw(merchant=access.merchant, invitation_id=invitation_id, by=access.user)
    messages.success(request, f"The invitation of {invited.email} is taken back.")
    return redirect("dashboard:team", at=access.at)


@for_members(see=None, change=Power.MANAGE_TEAM, fresh=always)
def change_role(request: HttpRequest, access: Access, member_id: int) -> HttpResponse:
    """Another role for a member."""
    form = RoleForm(request.POST)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        member = team.change_role(
            merchant=access.merchant, member_id=member_id, role=role, actor=access.actor, by=access.user
        )
        messages.success(request, f"{member.user.email} is now {role.label.lower()}.")
        if keys_held(access.merchant)[member.user_id]:
            messages.warning(request, "Their API keys may do no more than that either: see API keys.")
    else:
        messages.error(request, "Choose one of the roles.")
    return redirect("dashboard:team", at=access.at)


@for_members(see=None, change=Power.MANAGE_TEAM, fresh=always)
def remove(request: HttpRequest, access: Access, member_id: int) -> HttpResponse:
    """Takes a member out of the team."""
    keys = KeysGo(request.POST["keys"]) if request.POST.get("keys") in set(KeysGo) else None
    team.remove(merchant=access.merchant, member_id=member_id, actor=access.actor, by=access.user, keys=keys)
    messages.success(request, "They have no access to this business any more.")
    return redirect("dashboard:team", at=access.at)
