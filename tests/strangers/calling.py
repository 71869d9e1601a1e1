"""How a row is called by somebody, and what is looked for in the answer."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.messages import get_messages
from django.core.cache import cache as cache_of_limits
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.api.exact_json import dumps
from merchants_app.frame.places import Place
from merchants_app.keys.api_keys import forget_keys
from merchants_app.models import Merchant, User
from tests.desk import PASSWORD
from tests.factors import give_factor
from tests.strangers.kept import changed_since, fingerprint
from tests.strangers.row import Row, routes
from tests.strangers.world import CAST, World

BESIDE_API = "/api/v1/"
# Made once: Django looks at each class of exception and each middleware when a client's first request comes.
_ANYBODY = Client(raise_request_exception=False)


def address(row: Row, world: World, ids: Mapping[str, str]) -> str:
    """Where the row's route is with these ids, at the world's place."""
    given: dict[str, Any] = dict(ids)
    if "<place:at>" in _patterns()[row.route]:
        given["at"] = Place(world.merchant.public_id, world.mode)  # type: ignore[arg-type]
    return reverse(row.route, kwargs=given)


@cache
def _patterns() -> dict[str, str]:
    return {name: ("<place:at>" if name.startswith("dashboard:") else "") for name in routes()}


def by_key(row: Row, world: World, ids: Mapping[str, str], secret: str, query: Mapping[str, str] | None = None) -> Any:
    """The answer to a call of the API."""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    options: dict[str, Any] = {"headers": headers, "query_params": query or None}
    if row.method in {"post", "patch", "put"}:
        options |= {"data": dumps(row.sent(world)), "content_type": "application/json"}
    return getattr(_ANYBODY, row.method)(address(row, world, ids), **options)


def by_browser(
    row: Row, world: World, ids: Mapping[str, str], client: Client, query: Mapping[str, str] | None = None
) -> Any:
    """The answer to a page or form."""
    options = {"data": row.sent(world)} if row.method == "post" else {"query_params": query or None}
    return getattr(client, row.method)(address(row, world, ids), **options)


def signed_out() -> Client:
    """A browser of its own."""
    client = Client(raise_request_exception=False)
    client.handler = _ANYBODY.handler  # else each would read the static files' names for itself
    return client


def signed_in(user: User, *, gave_password: bool = True) -> Client:
    """Their browser, and whether they gave their password just now."""
    client = signed_out()
    if user.is_staff:
        give_factor(user)
    client.force_login(user)
    if gave_password and user.has_usable_password() and not user.is_staff:
        # What asks for the password again has it. How often one may give it is counted in the cache.
        cache_of_limits.clear()
        answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert answer.status_code == 302, "The password was not taken."
    return client


def another(browser: Client) -> Client:
    """A browser with the same cookies; whatever happens to its own leaves the first one's as they were."""
    made = signed_out()
    made.cookies.load({name: cookie.value for name, cookie in browser.cookies.items()})
    return made


@contextmanager
def undone(row: Row) -> Iterator[None]:
    """What is done within did not happen; of a rule that must be outermost, by the end of the test."""
    if row.apart:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def suspended(world: World) -> Iterator[None]:
    """The operator has suspended the business, and no process remembers its keys; afterwards it is open again."""
    with transaction.atomic():
        closed = {"suspended_at": timezone.now(), "suspended_by": "operator", "suspension_reason": "Complaints"}
        Merchant.objects.filter(pk=world.merchant.pk).update(**closed)
        forget_keys()
        yield
        transaction.set_rollback(True)
    forget_keys()


@dataclass
class Findings:
    """What was wrong with the answers of one row: all of it is told at once, each pair by its name."""

    row: Row
    wrong: list[str] = field(default_factory=list)
    calls: int = 0

    def expect(self, who: str, answer: Any, status: int) -> None:
        """That the caller got this status."""
        self.calls += 1
        if answer.status_code != status:
            content = getattr(answer, "content", b"")
            said = content.decode(errors="replace")[:300] if content else answer.get("Location", "")
            self.wrong.append(f"{self.row} as {who}: {answer.status_code}, not {status}: {said}")

    def hold_nothing_of_others(
        self, who: str, answer: Any, world: World, *, secret: Collection[str] = frozenset()
    ) -> None:
        """That the answer names nothing of another business or mode; nor what of their own is `secret` from them."""
        # What is streamed is read to its end, whoever asked.
        body = b"".join(answer.streaming_content) if getattr(answer, "streaming", False) else answer.content
        text = body.decode(errors="replace") + answer.get("Location", "") + answer.get("Link", "")
        if any(each in text for each in secret):
            self.wrong.append(f"{self.row} as {who}: shows the address of a buyer's page or receipt")
        for (name, mode), other in CAST.items():
            if other is not world:
                found = [mark for mark in strange_marks(world, other) if mark in text]
                if found:
                    self.wrong.append(f"{self.row} as {who}: shows of {name}'s {mode} mode: {found[:4]}")

    def refuse_nothing(self, who: str, answer: Any) -> None:
        """That no rule said no, or just the one that the row foretells; and that it was done, not put off."""
        if "/accounts/" in answer.get("Location", ""):
            self.wrong.append(f"{self.row} as {who}: is led to {answer['Location']}")
        if not hasattr(answer, "wsgi_request"):
            return
        said = [str(message) for message in get_messages(answer.wsgi_request) if message.level_tag == "error"]
        if self.row.refused:
            said = [text for text in said if self.row.refused not in text.lower()]
        if said:
            self.wrong.append(f"{self.row} as {who}: was refused: {said}")

    @contextmanager
    def nothing_changes(self, who: str, *, but: str = "") -> Iterator[None]:
        """That what is called within leaves everybody's rows as they were. The test has written to the table `but`."""
        before = _at_first() | (fingerprint(table=but) if but else {})
        yield
        if changed := changed_since(before):
            self.wrong.append(f"{self.row} as {who}: changed {changed}")

    @contextmanager
    def others_stay(self, who: str, world: World) -> Iterator[None]:
        """That what this business does within leaves the others' rows as they were."""
        if self.row.before:
            self.row.before()
        as_it_was = not (self.row.before or self.row.apart)  # what the others of the row did is undone
        before = _at_first(world) if as_it_was else fingerprint(without=world)
        yield
        if changed := changed_since(before, without=world):
            self.wrong.append(f"{self.row} as {who}: changed of others {changed}")

    def check(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)


def _at_first(without: World | None = None) -> dict[str, str]:
    """What the rows of all (but this business) look like before anything was done: read once a process."""
    return _read_once(without.merchant.pk if without else 0)


@cache
def _read_once(without: int) -> dict[str, str]:
    return fingerprint(without=next((world for world in CAST.values() if world.merchant.pk == without), None))


def strange_marks(world: World, other: World) -> set[str]:
    """By what the other one is recognised in an answer to this one."""
    marks = set(other.marks)
    if other.merchant != world.merchant:
        marks |= {other.merchant.public_id, other.merchant.name, f"hello@{other.merchant.support_email.split('@')[1]}"}
        marks |= {user.email for role, user in other.people.items() if role != "removed"}
    return marks - world.marks
