"""Admin of records that rules write: a rule's no stands in the form, at the field that it names."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from common.admin.refusals import refuse
from common.errors import DomainError

_REFUSAL = "tallystick.refusal"


class ByRules:
    """Mixed into a ModelAdmin whose `save_model` and `save_formset` call rules.

    A rule that refuses undoes everything that the form had written; then the form is shown again, with its sentence.
    """

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form; a second time when a rule has refused what it asked for."""
        draw: Any = super().changeform_view  # type: ignore[misc]  # a ModelAdmin's
        try:
            return draw(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]
        except DomainError as refusal:
            request.META[_REFUSAL] = refusal
            return draw(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form's class; with the refusal in it, if there was one."""
        form = super().get_form(request, obj, change=change, **options)  # type: ignore[misc]
        refusal = request.META.get(_REFUSAL)
        return _refused(form, refusal) if refusal else form


def _refused(form: type[BaseForm], refusal: DomainError) -> type[BaseForm]:
    def clean(self: BaseForm) -> Any:
        cleaned = form.clean(self)
        refuse(self, refusal)
        return cleaned

    return type(form.__name__, (form,), {"clean": clean})
