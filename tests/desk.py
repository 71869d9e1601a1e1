"""Somebody at the dashboard: a signed-in browser without JavaScript, and colleagues with other roles."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from merchants_app.models import Member, Merchant, Role, User

PASSWORD = "correct horse battery"
Committing = Callable[[], AbstractContextManager[object]]


class Desk:
    """A member at work in test mode, or in another: `desk.get("sessions")`, `desk.post("team", email=…)`."""

    def __init__(self, user: User, mode: str = "test") -> None:
        self.user, self.mode = user, mode
        first = user.memberships.order_by("id").first()
        self.business = first.merchant.public_id if first else "mer_none"
        self.client = Client()
        self.client.force_login(user)
        self.gave_password = False

    @property
    def at(self) -> str:
        """The business and mode as the address has them."""
        return f"{self.business}/{self.mode}"

    def in_(self, mode: str) -> "Desk":
        """The same person in another mode."""
        return Desk(self.user, mode)

    def give_password(self) -> "Desk":
        """What the desk is asked for before it changes who may sign in, or where money and secrets go."""
        if not self.gave_password:
            assert self.client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
        self.gave_password = True
        return self

    def get(self, page: str) -> Any:
        """A page below /dashboard/<business>/<mode>/."""
        return self.client.get(f"/dashboard/{self.at}/{page}")

    def post(self, page: str, **form: Any) -> Any:
        """A form sent there."""
        return self.client.post(f"/dashboard/{self.at}/{page}", form)

    def read(self, page: str) -> str:
        """The page's text as one line, which must be there."""
        answer = self.get(page)
        assert answer.status_code == 200, answer.content.decode()[:500]
        return " ".join(answer.content.decode().split())


def owner_of(merchant: Merchant) -> User:
    """The user whom tests/cast.py made the owner."""
    return Member.objects.get(merchant=merchant, role=Role.OWNER).user


@pytest.fixture
def desk(mia: Merchant) -> Desk:
    """Mia, owner, at the dashboard in test mode."""
    return Desk(owner_of(mia))


@pytest.fixture
def ottos_desk(otto: Merchant) -> Desk:
    """Otto, who must see nothing of Mia's."""
    return Desk(owner_of(otto))


@pytest.fixture
def colleague(mia: Merchant) -> Callable[..., Desk]:
    """Somebody who works for Mia: `colleague("viewer")`."""

    def hire(role: str, mode: str = "test") -> Desk:
        user = User.objects.create_user(f"{role}@mia.example", PASSWORD)
        Member.objects.create(merchant=mia, user=user, role=role)
        return Desk(user, mode)

    return hire


@pytest.fixture
def letters_leave(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Committing:
    """Letters leave when a request is over, or the `with letters_leave():` around a rule: what waits for the end of a
    test's own transaction would wait for ever, and what was rolled back tells nobody.

    And nobody was written to before: how often one address is, is counted in the cache.
    """
    cache.clear()
    request, inside = Client.request, False

    @contextmanager
    def committing() -> Iterator[None]:
        nonlocal inside
        if inside:  # a request within the `with`: its letters leave once, with the others
            yield
            return
        inside = True
        try:
            with django_capture_on_commit_callbacks(execute=True):
                yield
        finally:
            inside = False

    def asked(client: Client, **environ: Any) -> Any:
        with committing():
            return request(client, **environ)

    monkeypatch.setattr(Client, "request", asked)
    monkeypatch.setattr("merchants_app.mail.mails.aside", lambda act: act())
    return committing
