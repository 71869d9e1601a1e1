"""Operators at Django admin: a superuser, or staff who were given a group."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from merchants_app.models import AuditEntry, Merchant, User
from tests.factors import give_factor

EMAIL, PASSWORD = "op@example.com", "correct horse battery"


class Operator:
    """Somebody who runs the installation: `operator.get("merchants_app/merchant/")`."""

    def __init__(self, user: User) -> None:
        self.user = user
        give_factor(user)
        self.client = Client()
        self.client.force_login(user)

    def get(self, page: str) -> Any:
        """A page below /admin/."""
        return self.client.get(f"/admin/{page}")

    def read(self, page: str) -> str:
        """Its text, as one line; it must be there."""
        answer = self.get(page)
        assert answer.status_code == 200, answer.content.decode()[:500]
        return " ".join(answer.content.decode().split())

    def post(self, page: str, **form: Any) -> Any:
        """A form sent there."""
        return self.client.post(f"/admin/{page}", form)

    def do(self, merchant: Merchant, operation: str, **form: Any) -> Any:
        """One of the deeds on a business's page."""
        return self.post(f"merchants_app/merchant/{merchant.pk}/do/{operation}/", **form)

    def act(self, model: str, action: str, *things: Any, **form: Any) -> Any:
        """An action on the list of a model: `operator.act("merchants_app/apikey", "revoke", key)`."""
        chosen = {"action": action, "_selected_action": [thing.pk for thing in things], **form}
        return self.client.post(f"/admin/{model}/", chosen, follow=True)


def staff(*groups: str, email: str = "staff@example.com") -> Operator:
    """Somebody who is no superuser, with these groups."""
    user = User.objects.create_user(email, PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    return Operator(user)


def lines(merchant: Merchant, actor: str = f"operator {EMAIL}") -> list[tuple[str, dict[str, Any]]]:
    """What the business's own log says that the operator did, in order."""
    entries = AuditEntry.objects.filter(merchant=merchant, actor=actor).order_by("id")
    return [(entry.action, entry.detail) for entry in entries]


@pytest.fixture
def operator(db: None) -> Operator:
    """A superuser."""
    return Operator(User.objects.create_superuser(EMAIL, PASSWORD))
