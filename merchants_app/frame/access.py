"""Who is at the dashboard, for which business, in which mode, and what their role lets them do."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.decorators import reauthentication_required
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from common.errors import DomainError, NotFound
from common.modes import Mode
from merchants_app.businesses.suspension import why_closed
from merchants_app.businesses.visits import visit_in_force
from merchants_app.frame.places import Place, page_at
from merchants_app.models import Member, Merchant, OperatorVisit, Role, User
from merchants_app.people.operators import SIGN_IN_AS, operator_name
from merchants_app.powers import Power, may
from merchants_app.sign_in.second_factor import has_second_factor

# Doors take from here what their decorator needs.
__all__ = ["LAST_MODE", "Access", "Power", "access_at", "for_members", "last_place"]

SAFE_METHODS = ("GET", "HEAD")
# Kept in the browser session.
LAST_MERCHANT = "merchant"  # public id of the business last looked at; only says where `/dashboard` leads
LAST_MODE = "mode"  # where the dashboard was left
CHANGED_AT = "changed_at"  # when something was last sent by it
VISIT = "operator_visit"  # which visit of an operator goes on


class WorksNowhere(PermissionDenied):
    """Somebody who is signed in, and belongs to no business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A signed-in member at work. Every dashboard query starts from `merchant` and `mode`."""

    merchant: Merchant
    mode: Mode
    role: Role
    user: User
    businesses: tuple[Merchant, ...] = ()
    visit: OperatorVisit | None = None  # an operator looks in a member's place, and changes nothing

    @property
    def merchant_id(self) -> int:
        """The business's key."""
        return self.merchant.pk

    @property
    def at(self) -> Place:
        """For addresses: `redirect("dashboard:keys", at=access.at)`."""
        return Place(self.merchant.public_id, self.mode)

    @property
    def actor(self) -> str:
        """How timelines and the audit log name this person."""
        return operator_name(self.user) if self.visit else self.user.email

    def may(self, power: Power) -> bool:
        """Whether the member's role holds the power in this mode."""
        return may(self.role, power, mode=self.mode)

    def require(self, power: Power) -> None:
        """Raises PermissionDenied with a sentence for the 403 page."""
        if not self.may(power):
            raise PermissionDenied(
                f"Your role ({self.role.label}) may not {power} in {self.mode.label.lower()} mode. "
                f"Who may: {', '.join(self._who_may(power))}."
            )

    def _who_may(self, power: Power) -> list[str]:
        """The first few, whose names each member sees on the page of the team."""
        roles = [role for role in Role if may(role, power, mode=self.mode)]
        people = Member.objects.filter(merchant=self.merchant, role__in=roles).order_by("id")
        return list(people.values_list("user__email", flat=True)[:5])

    def refuse_changes(self) -> None:
        """Raises PermissionDenied for an operator who only looks, whatever is to be changed."""
        if self.visit:
            raise PermissionDenied(
                f"You look at {self.merchant.name} as operator, and only look: nothing can be changed from here. "
                "Leave by the button on top of its pages; what operators may change stands in the admin."
            )


def access_at(request: HttpRequest, at: Place) -> Access:
    """The caller's access to the business and mode that the address names.

    Raises Http404 for a business they do not work for, WorksNowhere for someone who belongs to none, PermissionDenied
    for the people of a business that is suspended. A business that demands a second factor of its members sends those
    without one to set it up (`ImmediateHttpResponse`).
    """
    visit = visit_going_on(request)
    if visit and visit.merchant.public_id == at.business:
        return Access(
            merchant=visit.merchant,
            mode=at.mode,
            role=Role.VIEWER,
            user=visit.operator,
            businesses=(visit.merchant,),
            visit=visit,
        )
    user, members = _memberships(request)
    member = next((each for each in members if each.merchant.public_id == at.business), None)
    if member is None:
        raise Http404("There is no such business, or you do not work for it.")
    if member.merchant.suspended_at:
        raise PermissionDenied(why_closed(member.merchant))
    if member.merchant.demands_second_factor and not has_second_factor(user):
        name = member.merchant.name
        raise ImmediateHttpResponse(lead_to_second_factor(request, asked_by=f"{name} asks", of="all who work there"))
    return Access(
        merchant=member.merchant,
        mode=at.mode,
        role=Role(member.role),
        user=user,
        businesses=tuple(each.merchant for each in members),
    )


def lead_to_second_factor(request: HttpRequest, *, asked_by: str, of: str) -> HttpResponse:
    """To the page where a second factor is set up, with the sentence that says why: `asked_by` … of `of`."""
    messages.warning(request, f"{asked_by} for a second factor of {of}. Set one up here, then go on.")
    return redirect("mfa_index")


def last_place(request: HttpRequest, mode: Mode) -> Place:
    """The business that the caller looked at last, else their first that is open, else their first.

    Raises WorksNowhere when they have none.
    """
    if visit := visit_going_on(request):
        return Place(visit.merchant.public_id, mode)
    _, members = _memberships(request)
    own = [member.merchant for member in sorted(members, key=lambda member: member.merchant.suspended_at is not None)]
    last = request.session.get(LAST_MERCHANT)
    open_now = [merchant.public_id for merchant in own if merchant.suspended_at is None]
    return Place(last if last in open_now else own[0].public_id, mode)


def is_visiting(request: HttpRequest) -> bool:
    """Whether the caller looks at a business in a member's place, or did until a moment ago."""
    return VISIT in request.session


def is_of_the_house(request: HttpRequest, merchant: Merchant) -> bool:
    """Whether somebody of the business, or an operator who visits one, looks at a page that is its buyers'.

    Nobody else has our cookie, and for who has none nothing is asked.
    """
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return is_visiting(request) or (isinstance(user, User) and merchant.members.filter(user=user).exists())


def visit_going_on(request: HttpRequest) -> OperatorVisit | None:
    """What the caller, an operator, looks at in a member's place.

    It ends with its time, or with their right to it: the next page says so, by PermissionDenied.
    """
    number, user = request.session.get(VISIT), request.user
    if number is None:
        return None
    visit = None
    if isinstance(user, User) and user.is_staff and user.has_perm(SIGN_IN_AS):
        visit = visit_in_force(number, operator=user, now=timezone.now())
    if visit is None:
        del request.session[VISIT]
        raise PermissionDenied(
            "Your look at this business as operator is over. Begin another in the admin, with its reason."
        )
    return visit


def _memberships(request: HttpRequest) -> tuple[User, Sequence[Member]]:
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied("Sign in first.")
    proven = EmailAddress.objects.filter(user=OuterRef("user"), email=OuterRef("user__email"), verified=True)
    own = Member.objects.filter(user=user).annotate(is_proven=Exists(proven))
    members = list(own.select_related("merchant").order_by("id"))
    if not members:
        raise WorksNowhere("Your account belongs to no business yet. Ask an owner to invite you.")
    if not members[0].is_proven:  # the name that timelines and the audit log would have
        raise PermissionDenied(
            f"{user.email} has not been confirmed. Open “E-mail” in your account: a letter with a link is sent to you."
        )
    return user, members


def _page_before(request: HttpRequest) -> str:
    """The page of ours that sent the form, or the dashboard's first."""
    before = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        before, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return page_at(before) if ours else reverse("dashboard-home")


P = ParamSpec("P")


def always(_request: HttpRequest, _access: Access) -> bool:
    """For `fresh`: whatever the mode."""
    return True


def in_live(_request: HttpRequest, access: Access) -> bool:
    """For `fresh`: where real money moves."""
    return access.mode == Mode.LIVE


def _never(_request: HttpRequest, _access: Access) -> bool:
    return False


def ask_who_it_is(request: HttpRequest) -> None:
    """Leads to the password's page, unless the password or second factor was given minutes ago.

    The POST is kept in the browser session meanwhile and goes on by itself afterwards.
    """
    request.META["QUERY_STRING"] = ""  # allauth goes on with a bare path alone
    _refuse_unless_fresh(request)


_refuse_unless_fresh: Callable[[HttpRequest], None] = reauthentication_required(lambda _request: None)


def for_members(
    *,
    see: Power | None = Power.LOOK,
    change: Power | None = None,
    fresh: Callable[[HttpRequest, Access], bool] = _never,
) -> Callable[[Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Makes `view(request, access, …)` a dashboard page: `see` is needed to GET it, `change` to POST to it.

    `fresh` says when a POST needs the password or second factor once more (`always`, `in_live`): whoever found a
    browser open, or took its cookie, must not change who signs in or where money and secrets go.

    Signed out: the sign-in page. Lacking the power: 403 with a sentence. A method without a power: 405.
    Not the caller's to see: 404. A rule that refuses a POST: back to the page, with the rule's sentence.
    The URL's business and mode (`at`) become the access and do not reach the view: another tab cannot change them.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def door(request: HttpRequest, at: Place, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(page_at(request.get_full_path()))
            power = see if request.method in SAFE_METHODS else change if request.method == "POST" else None
            if power is None:
                return HttpResponseNotAllowed([*(SAFE_METHODS if see else ()), *(["POST"] if change else ())])
            access = access_at(request, at)
            if request.method == "POST":
                access.refuse_changes()
            access.require(power)
            if request.method == "POST" and fresh(request, access):
                ask_who_it_is(request)
            if (request.session.get(LAST_MERCHANT), request.session.get(LAST_MODE)) != (at.business, at.mode):
                request.session[LAST_MERCHANT], request.session[LAST_MODE] = at.business, at.mode.value
            try:
                # A page's days and hours are the business's, those typed into its forms too.
                with timezone.override(access.merchant.time_zone):
                    answer = view(request, access, *args, **kwargs)
                if request.method == "POST":
                    request.session[CHANGED_AT] = time.time()
                return answer
            except NotFound as error:
                raise Http404(error.detail) from error
            except DomainError as error:
                if request.method != "POST":
                    raise
                # The rule said no to a button: its sentence is shown on the page that the button stands on.
                messages.error(request, error.detail)
                return redirect(_page_before(request))

        door.takes_posts_alone = see is None  # type: ignore[attr-defined]  # asked for by `page_at`
        return door

    return decorate
