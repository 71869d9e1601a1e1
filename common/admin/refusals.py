"""A rule's no in a form: at the field that it names, or above the form."""

from django.forms import BaseForm

from common.errors import DomainError


def refuse(form: BaseForm, error: DomainError) -> None:
    """Adds the rule's sentence to the errors of the form."""
    form.add_error(error.attr if error.attr in form.fields else None, error.detail)
