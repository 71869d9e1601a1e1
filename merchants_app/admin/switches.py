"""Django admin of what is on for all businesses."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from typing_extensions import override

from common.admin.by_rules import ByRules
from common.admin.read_only import NothingAdded
from merchants_app.businesses.switches import is_on, make_rows, switch
from merchants_app.frame.admin import operator_of
from merchants_app.models import Feature, Switch
from merchants_app.people.operators import operator_name


class SwitchForm(forms.ModelForm[Switch]):
    """On or off, and why."""

    is_on = forms.BooleanField(label="On", required=False)
    why = forms.CharField(
        max_length=500, widget=forms.Textarea({"rows": 3, "cols": 60}), error_messages={"required": "Say why."}
    )

    class Meta:
        model = Switch
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["is_on"] = is_on(Feature(self.instance.feature))


class SwitchAdmin(ByRules, NothingAdded, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """One for each feature; nothing is added or taken away."""

    form = SwitchForm
    list_display = ("__str__", "is_on", "off_since", "changed_by", "because")

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Switch | None = None) -> bool:
        """Never."""
        return False

    @override
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """All of them, also such as nobody has touched."""
        if self.has_view_or_change_permission(request):
            make_rows()
        return super().changelist_view(request, extra_context)

    @admin.display(description="on", boolean=True)
    def is_on(self, row: Switch) -> bool:
        """Off, too, where the environment has it off."""
        return is_on(Feature(row.feature))

    @override
    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        """By the rule."""
        by = operator_name(operator_of(request))
        given = form.cleaned_data
        switch(Feature(obj.feature), on=given["is_on"], by=by, because=given["why"], now=timezone.now())

    @override
    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """What its history says."""
        return f"Switched {'on' if form.cleaned_data['is_on'] else 'off'}: {form.cleaned_data['why']}"
