"""Django admin of businesses: settings and team by the dashboard's rules; suspend, invite, look from inside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from typing_extensions import override

from common.admin.by_rules import ByRules
from common.admin.large import Search, SearchedByForm, equal
from common.admin.read_only import NothingAdded
from common.admin.refusals import refuse
from common.errors import DomainError
from common.modes import Mode
from merchants_app.admin.forms import (
    AboutBusiness,
    InviteMemberForm,
    LiftForm,
    LimitsForm,
    NewBusinessForm,
    ReasonForm,
    VisitForm,
)
from merchants_app.businesses import limits, opening, suspension, visits
from merchants_app.businesses.money_rules import change_settings
from merchants_app.frame.access import VISIT
from merchants_app.frame.admin import operator_of
from merchants_app.frame.places import Place
from merchants_app.frame.settings_form import SettingsForm
from merchants_app.keys.holders import KeysGo
from merchants_app.models import Member, Merchant, Role
from merchants_app.people import invitations, team
from merchants_app.people.operators import SIGN_IN_AS, SUSPEND, operator_name


class TeamFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not subscriptable at run time
    """Whose role a field is stands in its row; what it is, in its column's head: told to those who see neither."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """With a name for each field."""
        super().add_fields(form, index)
        whose = getattr(form.instance, "user", "")
        for name, words in (("role", "Role"), ("DELETE", "Take out")):
            if name in form.fields:
                form.fields[name].widget.attrs["aria-label"] = f"{words}: {whose}"


class TeamInline(NothingAdded, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who works for a merchant: given another role, or taken out. New ones are invited."""

    model = Member
    formset = TeamFormSet
    extra = 0
    fields = ("user", "role")
    readonly_fields = ("user",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A page of its own for what an operator does to a business: a form, a button, one rule."""

    name: str
    title: str
    words: str
    permission: str
    form: type[AboutBusiness]
    act: Callable[[HttpRequest, Merchant, dict[str, Any]], HttpResponse | None]
    fits: Callable[[Merchant], bool] = lambda _merchant: True


def _suspend(request: HttpRequest, merchant: Merchant, given: dict[str, Any]) -> None:
    suspension.suspend(merchant=merchant, by=operator_of(request), reason=given["reason"])


def _limit(request: HttpRequest, merchant: Merchant, given: dict[str, Any]) -> None:
    limits.set_limits(merchant=merchant, by=operator_of(request), **given)


def _lift(request: HttpRequest, merchant: Merchant, _given: dict[str, Any]) -> None:
    suspension.lift_suspension(merchant=merchant, by=operator_of(request))


def _invite(request: HttpRequest, merchant: Merchant, given: dict[str, Any]) -> None:
    invitations.invite(
        merchant=merchant, email=given["email"], role=Role(given["role"]), actor=operator_name(operator_of(request))
    )


def _look(request: HttpRequest, merchant: Merchant, given: dict[str, Any]) -> HttpResponse:
    visit = visits.begin_visit(
        merchant=merchant, member_id=given["member"].pk, by=operator_of(request), reason=given["reason"]
    )
    request.session[VISIT] = visit.pk
    # From a session's page it leads to that session, as the business sees it.
    to = request.GET.get("to", "")
    if to.startswith(f"/dashboard/{merchant.public_id}/"):
        return redirect(to)
    return redirect("dashboard:overview", at=Place(merchant.public_id, Mode.LIVE))


OPERATIONS = (
    Operation(
        name="look",
        title="Look as a member",
        words="For half an hour you see what a viewer of the business sees, whatever this member's role is: no forms, "
        "and no addresses of buyers' pages and receipts. It is written into the log of the business, and its owners "
        "get a letter.",
        permission=SIGN_IN_AS,
        form=VisitForm,
        act=_look,
    ),
    Operation(
        name="invite",
        title="Invite a member",
        words="They get the same letter as from an owner.",
        permission="merchants_app.add_member",
        form=InviteMemberForm,
        act=_invite,
    ),
    Operation(
        name="limits",
        title="Set limits",
        words="They hold within five seconds, for this business alone.",
        permission="merchants_app.change_merchant",
        form=LimitsForm,
        act=_limit,
    ),
    Operation(
        name="suspend",
        title="Suspend",
        words="API keys, the dashboard, payment links and new payments are closed within five seconds. Money on its "
        "way is watched, counted and told as before. The owners get a letter with the reason.",
        permission=SUSPEND,
        form=ReasonForm,
        act=_suspend,
        fits=lambda merchant: merchant.suspended_at is None,
    ),
    Operation(
        name="lift",
        title="Lift the suspension",
        words="Everything works again. The owners get a letter.",
        permission=SUSPEND,
        form=LiftForm,
        act=_lift,
        fits=lambda merchant: merchant.suspended_at is not None,
    ),
)


def _with_member(merchants: QuerySet[Merchant], email: str) -> QuerySet[Merchant]:
    """Whom somebody works for; or whose buyers write there. Of businesses there are thousands, not millions."""
    worked_for = Member.objects.filter(user__email=email.lower()).values("merchant")
    return merchants.filter(Q(pk__in=worked_for) | Q(support_email__iexact=email))


class MerchantAdmin(SearchedByForm, ByRules, admin.ModelAdmin):  # type: ignore[type-arg]
    """Merchants; none is deleted, since books belong to it."""

    form = SettingsForm
    list_display = ("name", "public_id", "support_email", "created_at", "suspended_at")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter),)
    search_by: ClassVar[dict[str, Search]] = {"mer_": equal("public_id"), "e-mail": _with_member}
    search_in = ("name", "support_email")
    filters_by_index = ("suspended_at",)
    readonly_fields = (
        "public_id",
        "created_at",
        "demands_second_factor",
        "calls_a_minute",
        "letters_a_day",
        "suspended_at",
        "suspended_by",
        "suspension_reason",
    )
    inlines: ClassVar[Any] = (TeamInline,)
    change_form_template = "admin/business.html"

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Merchant | None = None) -> bool:
        """Never."""
        return False

    @override
    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """A new business also asks who owns it."""
        return super().get_form(request, obj, change=change, **({} if obj else {"form": NewBusinessForm}) | options)

    @override
    def get_inlines(self, request: HttpRequest, obj: Merchant | None) -> Any:
        """A new business has no team yet."""
        return self.inlines if obj else ()

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Merchant | None = None) -> Any:
        """What only rules write; a new business has none of it."""
        return self.readonly_fields if obj else ()

    @override
    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        """By the dashboard's rule."""
        actor, given = operator_name(operator_of(request)), form.cleaned_data
        if change:
            change_settings(merchant=obj, actor=actor, **{name: given[name] for name in form.changed_data})
        else:
            opening.open_business(merchant=obj, owner=given["owner"], actor=actor, logo=given["logo"] or b"")

    @override
    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Roles and removals, by the dashboard's rules; roles first, so that a new owner may take over."""
        formset.save(commit=False)  # sorts out what is wanted, writes nothing
        merchant, actor = form.instance, operator_name(operator_of(request))
        for member, _fields in formset.changed_objects:
            team.change_role(merchant=merchant, member_id=member.pk, role=Role(member.role), actor=actor)
        for member in formset.deleted_objects:
            # The owners can hand keys over; whom an operator takes out shall not come back by one.
            team.remove(merchant=merchant, member_id=member.pk, actor=actor, keys=KeysGo.REVOKE)

    @override
    def get_urls(self) -> Any:
        """The deeds, before Django's own pages."""
        route = path(
            "<path:object_id>/do/<slug:name>/", self.admin_site.admin_view(self.operation), name="business_operation"
        )
        return [route, *super().get_urls()]

    @override
    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """With the deeds that this operator may do to it."""
        fitting = [
            operation
            for operation in OPERATIONS
            if obj and operation.fits(obj) and operator_of(request).has_perm(operation.permission)
        ]
        links = [
            (operation.title, reverse("admin:business_operation", args=(obj.pk, operation.name)))
            for operation in fitting
        ]
        context["deeds"] = links
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def operation(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """One operation: GET asks, POST does it. A rule's no stands in the form."""
        merchant = self.get_object(request, unquote(object_id))
        operation = next((each for each in OPERATIONS if each.name == name), None)
        if merchant is None or operation is None:
            raise Http404("There is no such page.")
        if not operator_of(request).has_perm(operation.permission):
            raise PermissionDenied("Your groups do not allow this. Ask a superuser.")
        form = operation.form(request.POST if request.method == "POST" else None, merchant=merchant)
        if form.is_valid():
            try:
                answer = operation.act(request, merchant, form.cleaned_data)
            except DomainError as refusal:
                refuse(form, refusal)
            else:
                self.log_change(request, merchant, operation.title)
                messages.success(request, f"{operation.title}: done, and the owners can read it in their log.")
                return answer or redirect("admin:merchants_app_merchant_change", merchant.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{operation.title}: {merchant.name}",
            "operation": operation,
            "form": form,
            "merchant": merchant,
            "opts": self.opts,
        }
        return render(request, "admin/operation.html", context)
