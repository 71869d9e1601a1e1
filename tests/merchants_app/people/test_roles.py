"""Who may do what, as it was promised: every role, power and mode, written out by hand."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from merchants_app.models import Role, Treasury
from merchants_app.powers import Power, may, scopes_within
from sessions_app.models import CheckoutSession
from tests.desk import Desk
from tests.sandbox import Sandbox
from tests.strangers.world import own

DOCS = Path(__file__).resolve().parents[3] / "docs" / "dashboard.md"

# role, then by power: in test mode, in live mode
PROMISED = """
                  owner        developer    support      viewer
LOOK              test live    test live    test live    test live
HANDLE_SESSIONS   test live    test ----    test live    ---- ----
COLLECT           test live    test ----    test live    ---- ----
HANDLE_BUYERS     test live    test ----    test live    ---- ----
EXPORT_BOOKS      test live    test ----    test live    test live
MANAGE_KEYS       test live    test live    ---- ----    ---- ----
MANAGE_WEBHOOKS   test live    test live    ---- ----    ---- ----
MANAGE_TREASURY   test live    test ----    ---- ----    ---- ----
MANAGE_SETTINGS   test live    ---- ----    ---- ----    ---- ----
MANAGE_TEAM       test live    ---- ----    ---- ----    ---- ----
CONNECT_SHOPS     test live    ---- ----    ---- ----    ---- ----
"""
PROMISED_TO_KEYS = """
                  owner        developer    support      viewer
read              test live    test live    test live    test live
write             test live    test live    ---- ----    ---- ----
webhooks          test live    test live    ---- ----    ---- ----
decide            test live    test ----    test live    ---- ----
"""


def cells(table: str) -> list[tuple[str, str, str, bool]]:
    """(what, role, mode, whether) of each cell."""
    head, *lines = [line.split() for line in table.strip().splitlines()]
    return [
        (what, role, mode, words[2 * at + n] == mode)
        for what, *words in lines
        for at, role in enumerate(head)
        for n, mode in enumerate(("test", "live"))
    ]


@pytest.mark.parametrize(("power", "role", "mode", "allowed"), cells(PROMISED))
def test_what_a_role_may_do(power: str, role: str, mode: str, allowed: bool) -> None:
    assert may(role, Power[power], mode=mode) is allowed


@pytest.mark.parametrize(("scope", "role", "mode", "allowed"), cells(PROMISED_TO_KEYS))
def test_what_a_key_may_do_by_its_holders_role(scope: str, role: str, mode: str, allowed: bool) -> None:
    assert (scope in scopes_within(role, mode=mode)) is allowed


def test_the_tables_above_have_every_cell() -> None:
    assert len(cells(PROMISED)) == 4 * 11 * 2 == len(Role) * len(Power) * 2
    assert len(cells(PROMISED_TO_KEYS)) == 4 * 4 * 2


def test_whoever_is_no_member_has_keys_that_do_nothing() -> None:
    assert scopes_within("", mode="test") == frozenset()


def rows(table: str) -> list[list[str]]:
    """The cells of each row of a Markdown table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def documented() -> list[list[list[str]]]:
    """The tables of roles in docs/dashboard.md, each with its lines, without their heads."""
    text = DOCS.read_text(encoding="utf-8")
    return [rows(found) for found in re.findall(r"\| Owner \|.+\n\|[-|]+\n((?:\|.+\n)+)", text)]


def in_words(table: str) -> list[list[str]]:
    """The cells of a promised table, by line, as the docs write them."""
    words = {"test live": "yes", "test ----": "test mode", "---- ----": "–"}
    lines = [line.split() for line in table.strip().splitlines()[1:]]
    return [[words[f"{test} {live}"] for test, live in zip(line[1::2], line[2::2], strict=True)] for line in lines]


def test_the_docs_say_the_same() -> None:
    powers, scopes = documented()
    assert [by_role for _, *by_role in powers] == in_words(PROMISED)
    assert [by_role for _, *by_role in scopes] == in_words(PROMISED_TO_KEYS)
    assert [what.split("`")[1] for what, *_ in scopes] == ["read", "write", "webhooks", "decide"]


def test_the_team_page_shows_the_documented_tables(desk: Desk) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", desk.read("team")))
    for what, *by_role in [line for table in documented() for line in table]:
        summary = " ".join([what.replace("`", ""), *by_role])
        assert summary in text


def buttons(desk: Desk, page: str) -> set[str]:
    """What the links and buttons of a page say."""
    return set(re.findall(r'class="button[^>]*> ?([^<]+?) ?<', desk.read(page)))


def test_a_button_that_a_role_cannot_use_is_not_there(
    desk: Desk, colleague: Callable[..., Desk], session: CheckoutSession, sandbox: Sandbox
) -> None:
    viewer, developer = colleague("viewer"), colleague("developer", "live")
    its_page, first_steps = f"sessions/{session.public_id}", {"Name it", "Make a test key"}
    own(Treasury).update(withdrawn_at=timezone.now())
    assert first_steps & buttons(desk, "overview") == first_steps
    assert first_steps & buttons(viewer, "overview") == set()
    own(Treasury).update(withdrawn_at=None)
    sandbox.play(session, "over")
    for page, words in (("overview", "Decide"), ("overview", "Collect"), (its_page, "Refund")):
        assert words in buttons(desk, page)
        assert words not in buttons(viewer, page)
    for page in ("sessions", "payments", "refunds"):
        assert "Export" in buttons(viewer, page)
        assert "Export" not in buttons(developer, page)
