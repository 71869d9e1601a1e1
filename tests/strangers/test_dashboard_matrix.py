"""Every page and form of the dashboard × every stranger: signed out, no member, each role, both modes, mixed ids."""

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from merchants_app.models import User
from tests.strangers.calling import Findings, address, another, by_browser, signed_in, signed_out, suspended, undone
from tests.strangers.row import ROLES, Row, mixtures, routes
from tests.strangers.rows_dashboard import DASHBOARD
from tests.strangers.size import counted
from tests.strangers.world import world


def test_each_page_has_its_row_and_each_row_its_page() -> None:
    pages = {name for name in routes() if name.startswith("dashboard:")}
    assert {row.route for row in DASHBOARD} == pages, "Give each page a row in tests/strangers/rows_dashboard.py."


@pytest.fixture(scope="module")
def browsers(once: None) -> Iterator[dict[tuple[str, str, bool], Client]]:
    """Everybody's, once for all rows, by business, role, and whether the password was given just now."""
    with override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=3600):
        signed = {
            (name, role, gave): signed_in(user, gave_password=gave)
            for name in ("zoe", "yan")
            for role, user in world(name).people.items()
            for gave in (True, False)
        }
        signed["", "nobody", False] = signed_in(User.objects.create_user("nobody@example.com"))
        yield signed


@pytest.mark.django_db
@pytest.mark.parametrize("row", DASHBOARD, ids=str)
def test_a_stranger_gets_nothing_from_a_page(
    row: Row, browsers: dict[tuple[str, str, bool], Client], request: pytest.FixtureRequest
) -> None:
    zoe, live, yan = world("zoe"), world("zoe", "live"), world("yan")
    own = row.address_ids(*[zoe] * len(row.of_a_business))
    is_form = row.method == "post"  # forms alone ask for a password again
    clients = {role: another(browsers["zoe", role, is_form]) for role in zoe.people}
    yans = {role: another(browsers["yan", role, is_form]) for role in ("owner", "viewer")}
    nobody = another(browsers["", "nobody", False])
    findings = Findings(row)
    with findings.nothing_changes("a stranger"):
        answer = by_browser(row, zoe, own, signed_out())
        findings.expect("somebody signed out", answer, 302)
        if not answer.get("Location", "").startswith("/accounts/login/?next=/dashboard"):
            findings.wrong.append(f"{row}: signed out one is led to {answer.get('Location')}")
        for who, client, status in (
            ("one of no business", nobody, 403),
            ("the owner of another", yans["owner"], 404),
            ("the viewer of another", yans["viewer"], 404),
            ("a removed member", clients["removed"], 404),
        ):
            findings.expect(who, by_browser(row, zoe, own, client), status)
        if row.of_a_business:
            for who, place, client in (
                ("the owner in the other mode", live, clients["owner"]),
                ("another's owner at home", yan, yans["owner"]),
            ):
                if own != row.address_ids(*[place] * len(row.of_a_business)):  # a member's is the same in both modes
                    findings.expect(who, by_browser(row, place, own, client), 404)
        for said, ids in mixtures(row, zoe, {"yan": yan, "live": live}):
            findings.expect(f"the owner with {said}", by_browser(row, zoe, ids, clients["owner"]), 404)
        for letter, role in ROLES.items():
            for place, may in ((zoe, row.test), (live, row.live)):
                if letter not in may:
                    ids = row.address_ids(*[place] * len(row.of_a_business))
                    refused = row.live_refused if place is live else 403
                    findings.expect(f"{role} in {place.mode}", by_browser(row, place, ids, clients[role]), refused)
        for name, word in row.query.items():
            for other in (yan, live):
                answer = by_browser(row, zoe, own, clients["owner"], {name: other.ids[word]})
                findings.hold_nothing_of_others(f"the owner with a stranger's {name}", answer, zoe)
        other_methods = {"get", "post", "put", "patch", "delete"} - {
            each.method for each in DASHBOARD if each.route == row.route
        }
        for method in sorted(other_methods):
            answer = getattr(clients["owner"], method)(address(row, zoe, own))
            findings.expect(f"the owner by {method}", answer, 405)
    with suspended(yan), findings.nothing_changes("a suspended business", but="merchants_app_merchant"):
        at_home = row.address_ids(*[yan] * len(row.of_a_business))
        for role, client in yans.items():
            findings.expect(f"the {role} of a suspended business", by_browser(row, yan, at_home, client), 403)
    if row.apart:
        request.node.add_marker(pytest.mark.moves_everybody("it is undone with the test"))
    for letter, role in ROLES.items():
        for place, may in ((zoe, row.test), (live, row.live)):
            if letter in may:
                ids = row.address_ids(*[place] * len(row.of_a_business))
                who = f"{role} in {place.mode}"
                with undone(row), findings.others_stay(who, place):
                    answer = by_browser(row, place, ids, clients[role])
                findings.expect(who, answer, (row.live_done or row.done) if place is live else row.done)
                acts = letter in ("os" if place is live else "ods")
                findings.hold_nothing_of_others(who, answer, place, secret=frozenset() if acts else place.buyers)
                if place is zoe:
                    findings.refuse_nothing(who, answer)
    counted(request, findings)
    findings.check()
