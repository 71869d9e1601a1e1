"""Django admin of people: who signs in, who operates, and in which groups. By the rules of `people`."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from typing_extensions import override

from common.admin.by_rules import ByRules
from common.admin.large import Search, SearchedByForm, folded
from merchants_app.frame.admin import operator_of
from merchants_app.models import User
from merchants_app.people import people
from merchants_app.people.operators import is_operator

_OPERATING = ("is_staff", "is_superuser", "groups")


def _address_checked() -> forms.BooleanField:
    return forms.BooleanField(
        required=False,
        label="I have checked that this address is theirs",
        help_text="Otherwise it counts once they have opened the letter that goes there.",
    )


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """A person, as operators may change them."""

    address_checked = _address_checked()


class NewPersonForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new person."""

    address_checked = _address_checked()


class PersonAdmin(SearchedByForm, ByRules, UserAdmin):  # type: ignore[type-arg]
    """People, known by their e-mail address. Nobody is deleted: an account is made inactive."""

    form, add_form = PersonForm, NewPersonForm
    ordering = ("email",)
    list_display = ("email", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "groups")
    search_by: ClassVar[dict[str, Search]] = {"e-mail": folded("email")}
    search_in = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "address_checked", "password")}),
        ("Person", {"fields": ("first_name", "last_name")}),
        ("Access", {"fields": ("is_active", *_OPERATING)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "address_checked", "usable_password", "password1", "password2")}),)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups",)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Never: what they did names them."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators' accounts are changed by superusers only."""
        is_out_of_reach = obj is not None and is_operator(obj) and not operator_of(request).is_superuser
        return super().has_change_permission(request, obj) and not is_out_of_reach

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who operates is a superuser's to say."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if operator_of(request).is_superuser else (*fixed, *_OPERATING)

    @override
    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without the password, of which Django would show the hash, for those who only look."""
        shown = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return shown
        return ((None, {"fields": ("email",)}), *shown[1:])

    @override
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """By the rules of `people`."""
        given, by = form.cleaned_data, operator_of(request)
        if not change:
            people.add_person(person=obj, by=by, email_checked=given["address_checked"])
            return
        wanted = {name: given[name] for name in form.changed_data if name in people.CHANGEABLE}
        people.change_person(
            person=obj, by=by, wanted=wanted, groups=given.get("groups"), email_checked=given["address_checked"]
        )

    @override
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page; what it set is written to the log and to the person."""
        with transaction.atomic():
            person = self.get_object(request, unquote(id))
            before = person.password if person else ""
            answer: HttpResponse = super().user_change_password(request, id, form_url)
            if person and request.method == "POST":
                people.note_new_password(person=person, before=before, by=operator_of(request))
        return answer


class OperatorGroupAdmin(GroupAdmin):
    """Groups of operators. A superuser's: who can change a group could give themselves anything.

    `Look` and `Support` are written anew at every `migrate` (checkout_project/operators/groups.py).
    """

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return operator_of(request).is_superuser

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return operator_of(request).is_superuser

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return operator_of(request).is_superuser
