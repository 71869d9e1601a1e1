"""What an operator changes about a person: written to the log of each business they work for, and mailed to the
person."""

from collections.abc import Collection, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from common.email_addresses import folded
from common.errors import Conflict
from merchants_app.audit import record
from merchants_app.mail.mails import mail
from merchants_app.mail.notices import tell_owners
from merchants_app.models import Member, User
from merchants_app.people.operators import NotForOperators, is_operator, operator_name

_OPERATING = ("is_staff", "is_superuser")  # and the groups
_SIGNING_IN = {"email", "is_active", "password"}  # what owners are mailed about, too
CHANGEABLE = ("email", "first_name", "last_name", "is_active", *_OPERATING)


def add_person(*, person: User, by: User, email_checked: bool) -> User:
    """Writes a new account, which belongs to no business yet, and writes to its owner."""
    person.email = folded(person.email)
    with transaction.atomic():
        _refuse_taken(person)
        person.save(force_insert=True)
        _note_address(person, is_checked=email_checked)
        mail(to=[person.email], template="account_by_operator", person=person, actor=operator_name(by), changes={})
    return person


def change_person(
    *, person: User, by: User, wanted: Mapping[str, Any], groups: Collection[Group] | None = None, email_checked: bool
) -> dict[str, str]:
    """Writes what differs, and returns it as `{field: "before → after"}`.

    A new address counts as the person's only when the operator has checked that (`email_checked`); former addresses
    lead to the account no more. Raises NotForOperators, or Conflict when somebody else has the address.
    """
    with transaction.atomic():
        current = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        wanted = dict(wanted) | ({"email": folded(wanted["email"])} if "email" in wanted else {})
        changed = {
            name: wanted[name] for name in CHANGEABLE if name in wanted and getattr(current, name) != wanted[name]
        }
        described = {name: f"{getattr(current, name)} → {value}" for name, value in changed.items()}
        before, after = _names(current.groups.all()), _names(current.groups.all() if groups is None else groups)
        if before != after:
            described["groups"] = f"{before or 'none'} → {after or 'none'}"
        if not described:
            return {}
        _refuse(current, by, changed, has_other_groups=before != after)
        former = current.email
        for name, value in changed.items():
            setattr(current, name, value)
        if "email" in changed:
            _refuse_taken(current)
            described["address_checked"] = "yes" if email_checked else "no"
        current.save(update_fields=list(changed))
        if groups is not None:
            current.groups.set(groups)
        if "email" in changed:
            _note_address(current, is_checked=email_checked)
        _tell(current, by, "person.changed", described, letters_to={former, current.email})
    return described


def note_new_password(*, person: User, before: str, by: User) -> bool:
    """To be called in the transaction that set a password: logs and mails it, if it is another than `before`."""
    current = User.objects.get(pk=person.pk)
    if current.password == before:
        return False
    _tell(current, by, "person.password_set", {"password": "set by the operator"}, letters_to={current.email})
    return True


def _refuse(person: User, by: User, changed: Mapping[str, Any], *, has_other_groups: bool) -> None:
    about_operating = has_other_groups or any(name in changed for name in _OPERATING)
    if not by.is_superuser and (about_operating or is_operator(person)):
        raise NotForOperators("Only a superuser changes who operates, and the accounts of operators.")
    lost = next((name for name in ("is_active", *_OPERATING) if person == by and changed.get(name) is False), None)
    if lost:
        raise NotForOperators("You would lock yourself out: let another operator do this.", attr=lost)


def _refuse_taken(person: User) -> None:
    if User.objects.filter(email=person.email).exclude(pk=person.pk).exists():
        raise Conflict("Somebody else has this address already.", attr="email")
    if EmailAddress.objects.filter(email=person.email, verified=True).exclude(user_id=person.pk).exists():
        raise Conflict("Somebody else has proven that this address is theirs.", attr="email")


def _note_address(person: User, *, is_checked: bool) -> None:
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=is_checked)


def _tell(person: User, by: User, action: str, changes: Mapping[str, str], *, letters_to: set[str]) -> None:
    mail(
        to=sorted(letters_to),
        template="account_by_operator",
        person=person,
        actor=operator_name(by),
        changes={name.replace("_", " "): value for name, value in changes.items()},
    )
    for member in Member.objects.filter(user=person).select_related("merchant").order_by("id"):
        record(
            merchant=member.merchant,
            actor=operator_name(by),
            action=action,
            subject=person.email,
            **changes,
        )
        if not changes.keys() & _SIGNING_IN:
            continue
        what = f"the operator changed how {person.email} signs in ({', '.join(changes).replace('_', ' ')})"
        tell_owners(merchant=member.merchant, what=what, actor=operator_name(by), but=letters_to)


def _names(groups: Any) -> str:
    return ", ".join(sorted(group.name for group in groups))
