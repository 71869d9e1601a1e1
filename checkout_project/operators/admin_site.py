"""Who may open Django admin: staff with a second factor. Everything an operator can do hangs on that one sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator

from checkout_project.doctor.examining import examine
from checkout_project.doctor.findings import Verdict
from checkout_project.doctor.inside import settings_are_right
from checkout_project.doctor.listing import checks
from checkout_project.operators.businesses import businesses
from checkout_project.operators.health import health
from common.version import VERSION
from merchants_app.frame.access import lead_to_second_factor
from merchants_app.sign_in.second_factor import has_second_factor

_WORST_FIRST = (Verdict.WRONG, Verdict.LOOK, Verdict.OK)
_MAY = "tallystick.may_operate"


class OperatorsSite(AdminSite):
    """Django's admin site, which staff without a second factor see nothing of."""

    site_header = site_title = "Tallystick, for operators"
    index_template = "admin/health.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request comes from staff with a second factor. Asked twice for a page, found out once."""
        if _MAY not in request.META:
            request.META[_MAY] = super().has_permission(request) and has_second_factor(request.user)
        return bool(request.META[_MAY])

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page, with how the installation does for those who may see networks."""
        shown: dict[str, Any] = {"title": "Health"}
        if request.user.has_perm("chains_app.view_scancursor"):
            shown |= {"health": health(), "looked_at": timezone.now(), "version": VERSION}
        if request.user.has_perm("merchants_app.view_merchant"):
            shown["businesses"] = businesses(timezone.now())
        return super().index(request, shown | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        """With the pages that are about no table."""
        return [path("doctor/", self.admin_view(self.doctor), name="doctor"), *super().get_urls()]

    def doctor(self, request: HttpRequest) -> TemplateResponse:
        """What `manage.py doctor` finds, for superusers: it asks nodes, mail server and PUBLIC_URL, within seconds."""
        context = {**self.each_context(request), "title": "Doctor"}
        if request.method == "POST":
            if not (request.user.is_active and request.user.is_superuser):
                raise PermissionDenied("Superusers run it from here; others by manage.py doctor, on the machine.")
            found = [*settings_are_right(), *examine(checks())]
            context |= {"found": [each for verdict in _WORST_FIRST for each in found if each.verdict == verdict]}
        return TemplateResponse(request, "admin/doctor.html", context)

    # Operators sign in where everybody does: with their second factor, and as slowly as guessing is made there.
    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]
        """Signed out: the sign-in page. Staff without a second factor: on to setting one up. Others: 403."""
        if super().has_permission(request) and not has_second_factor(request.user):
            return lead_to_second_factor(request, asked_by="The operator's admin asks", of="everybody who opens it")
        return super().login(request, extra_context)
