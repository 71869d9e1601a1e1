"""Who may open Django admin: staff with a second factor. Everything an operator can do hangs on that one sign-in."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator

from checkout_project.operators.health import health
from common.version import VERSION
from merchants_app.frame.access import lead_to_second_factor
from merchants_app.sign_in.second_factor import has_second_factor


class OperatorsSite(AdminSite):
    """Django's admin site, which staff without a second factor see nothing of."""

    site_header = site_title = "Tallystick, for operators"
    index_template = "admin/health.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request comes from staff with a second factor."""
        return super().has_permission(request) and has_second_factor(request.user)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page, with how the installation does for those who may see networks."""
        shown: dict[str, Any] = {"title": "Health"}
        if request.user.has_perm("chains_app.view_scancursor"):
            shown |= {"health": health(), "looked_at": timezone.now(), "version": VERSION}
        return super().index(request, shown | (extra_context or {}))

    # Operators sign in where everybody does: with their second factor, and as slowly as guessing is made there.
    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]
        """Signed out: the sign-in page. Staff without a second factor: on to setting one up. Others: 403."""
        if super().has_permission(request) and not has_second_factor(request.user):
            return lead_to_second_factor(request, asked_by="The operator's admin asks", of="everybody who opens it")
        return super().login(request, extra_context)
