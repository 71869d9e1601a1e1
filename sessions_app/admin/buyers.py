"""Who buys, in Django admin: masked, until an operator says why they ask, which the business's log keeps."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from common.admin.refusals import refuse
from common.errors import DomainError
from merchants_app.frame.admin import operator_of
from sessions_app.models import CheckoutSession, Customer
from sessions_app.reading.amounts import masked_email
from sessions_app.selling import operator_acts

Row = CheckoutSession | Customer


class WhyForm(forms.Form):
    """Why somebody needs to know."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea({"rows": 3, "cols": 60}))


class BuyersApart:
    """Mixed into the admin of what names a buyer: `buyer` among its fields or columns, and a page that asks why."""

    change_form_template: ClassVar[Any] = "admin/with_buyer.html"
    # Of the ModelAdmin that it is mixed into.
    opts: Any
    admin_site: Any
    get_object: Any
    has_view_permission: Any
    log_change: Any

    @admin.display(description="buyer")
    def buyer(self, row: Row) -> str:
        """Enough to recognise whom somebody names: `P•••, p•••@example.com`."""
        name = f"{row.name[:1]}•••" if row.name else ""
        return ", ".join(filter(None, (name, masked_email(row.email)))) or "–"

    def get_urls(self) -> Any:
        """The page that asks why, before Django's own."""
        view, name = self.admin_site.admin_view(self.show_buyer), f"{self.opts.model_name}_buyer"
        return [path("<path:object_id>/buyer/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def show_buyer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks why; POST writes that down, and shows the buyer in its answer alone."""
        row = self._visible(request, object_id)
        form = WhyForm(request.POST if request.method == "POST" else None)
        shown = self._see(request, row, form) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"The buyer of {row.public_id}" if isinstance(row, CheckoutSession) else f"Buyer {row.public_id}",
            "form": form, "shown": shown, "row": row, "opts": self.opts,
        }  # fmt: skip
        return render(request, "admin/buyer.html", context)

    def _visible(self, request: HttpRequest, object_id: str) -> Row:
        row: Row | None = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404("There is no such page.")
        if not self.has_view_permission(request, row):
            raise PermissionDenied("Your groups do not allow this. Ask a superuser.")
        return row

    def _see(self, request: HttpRequest, row: Row, form: WhyForm) -> dict[str, str] | None:
        """The buyer, with a line for the owners and one for operators; None, with the form saying why, if refused."""
        try:
            shown = operator_acts.see_buyer(row, by=operator_of(request), reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            refuse(form, refusal)
            return None
        self.log_change(request, row, "Saw the buyer.")
        return shown
