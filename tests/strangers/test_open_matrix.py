"""Buyers' pages, entrances, accounts and the admin × who may not: each route of the URL table has its row."""

from itertools import product

import pytest
from django.apps import apps
from django.contrib.admin.utils import quote
from django.urls import reverse

from merchants_app.models import User
from tests.strangers.calling import Findings, address, by_browser, signed_in, signed_out, undone
from tests.strangers.kept import changed_since, fingerprint
from tests.strangers.row import Row, routes
from tests.strangers.rows_open import ADMIN, ADMIN_FRAME, ENTRANCE_IDS, ENTRANCES, HOSTED
from tests.strangers.size import counted
from tests.strangers.world import world

METHODS = ("get", "post", "put", "patch", "delete")


def test_each_page_has_its_row_and_each_row_its_page() -> None:
    pages = {name for name in routes() if name.startswith("hosted:")}
    assert {row.route for row in HOSTED} == pages, "Give each page a row in tests/strangers/rows_open.py."
    frames = ("api:", "dashboard:", "hosted:", "admin:", "admin/")
    entrances = {name for name in routes() if not name.startswith(frames)}
    assert {name for name, _ in ENTRANCES} == entrances, "Give each entrance a row in tests/strangers/rows_open.py."


@pytest.mark.django_db
@pytest.mark.parametrize("row", HOSTED, ids=str)
def test_a_buyers_page_is_there_for_its_own_id_only(
    row: Row, fresh_limits: None, request: pytest.FixtureRequest
) -> None:
    findings = Findings(row)
    places = [world(name, mode) for name in ("zoe", "yan") for mode in ("test", "live")]
    with findings.nothing_changes("somebody with a wrong id"):
        for made_up in ("cs_nobody", "x", places[0].ids["open"], places[0].ids["customer"]):
            ids = dict.fromkeys(row.ids, made_up)
            findings.expect(f"somebody with {made_up}", by_browser(row, places[0], ids, signed_out()), 404)
        others = set(METHODS) - {each.method for each in HOSTED if each.route == row.route}
        own = row.address_ids(places[0])
        for name, word in row.query.items():
            for place in places[1:]:
                answer = by_browser(row, places[0], own, signed_out(), {name: place.ids[word]})
                findings.expect(f"a buyer with a stranger's {name}", answer, 200)
                findings.hold_nothing_of_others(f"a buyer with a stranger's {name}", answer, places[0])
        for method in sorted(others):
            findings.expect(f"a buyer by {method}", getattr(signed_out(), method)(address(row, places[0], own)), 405)
    for place in places:
        with undone(row):
            answer = by_browser(row, place, row.address_ids(place), signed_out())
        status = (row.live_done or row.done) if place.mode == "live" else row.done
        findings.expect(f"the buyer in {place.mode} mode", answer, status)
        findings.hold_nothing_of_others("the buyer", answer, place)
    counted(request, findings)
    findings.check()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), ENTRANCES, ids=str)
def test_an_entrance_shows_a_stranger_nothing(
    name: str, method: str, fresh_limits: None, request: pytest.FixtureRequest
) -> None:
    row = Row(route=name or "/", method=method)
    findings, zoe = Findings(row), world("zoe")
    path = _path_of(name)
    form = {"merchant": zoe.merchant.public_id} if method == "post" else {}
    owner = signed_in(zoe.people["owner"])
    to_anybody, at_home = ENTRANCES[name, method]
    for who, client, status in (("somebody signed out", signed_out(), to_anybody), ("an owner", owner, at_home)):
        with undone(row):
            answer = getattr(client, method)(path, form)
        findings.expect(who, answer, status)
        findings.hold_nothing_of_others(who, answer, zoe)
    counted(request, findings)
    findings.check()


def _path_of(name: str) -> str:
    given = ENTRANCE_IDS.get(name, {})
    if name in {
        "",
        "dashboard/<mode:mode>/<path:rest>",
        "api/<path:_rest>",
        "accounts/email/",
        "healthz",
        "readyz",
        "metrics",
    }:
        path = f"/{name}"
        for parameter, value in given.items():
            path = path.replace(next(p for p in (f"<mode:{parameter}>", f"<path:{parameter}>") if p in path), value)
        return path
    return reverse(name, kwargs=given)


def test_one_switches_to_ones_own_businesses_only(db: None) -> None:
    owner = signed_in(world("zoe").people["owner"])
    assert owner.post("/dashboard/switch", {"merchant": world("yan").merchant.public_id}).status_code == 404


def test_each_model_of_the_admin_has_its_row() -> None:
    of_models = {name.removeprefix("admin:").rpartition("_")[0] for name in routes() if name.endswith("_changelist")}
    assert set(ADMIN) == of_models, "Give each model of the admin a row in tests/strangers/rows_open.py."
    rest = {name for name in routes() if name.startswith("admin") and not name.endswith(_OF_A_MODEL)}
    assert rest - ADMIN_FRAME == set()


_OF_A_MODEL = ("_changelist", "_add", "_history", "_delete", "_change", "/<path:object_id>/")


@pytest.mark.django_db
@pytest.mark.parametrize("operation", ["suspend", "look", "nonsense"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_operators_do_something_to_a_business(operation: str, method: str) -> None:
    zoe = world("zoe")
    path = f"/admin/merchants_app/merchant/{zoe.merchant.pk}/do/{operation}/"
    before = fingerprint()
    staff = signed_in(User.objects.create_user("staff@example.com", is_staff=True))
    for client, status in ((signed_out(), 302), (signed_in(zoe.people["owner"]), 302)):
        assert getattr(client, method)(path, {"reason": "x"}).status_code == status
    assert getattr(staff, method)(path, {"reason": "x"}).status_code in {403, 404}
    assert changed_since(before) == []


# What an operator is answered: list, add, change, history, delete.
_ANSWERS = {
    "keep": (200, 200, 200, 200, 403), "look": (200, 403, 200, 200, 403), "change": (200, 200, 200, 200, 200),
    "take away": (200, 403, 200, 200, 200),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("model", ADMIN)
def test_the_admin_opens_to_operators_only(model: str, request: pytest.FixtureRequest) -> None:
    app, _, name = model.rpartition("_")
    findings = Findings(Row(route=f"admin:{model}"))
    first = apps.get_model(app, name)._default_manager.order_by("pk").first()
    key = quote(first.pk) if first else "1"
    pages = ("", "add/", f"{key}/change/", f"{key}/history/", f"{key}/delete/")
    staff = signed_in(User.objects.create_user("staff@example.com", is_staff=True))
    with findings.nothing_changes("a stranger"):
        for who, client, status in (
            ("somebody signed out", signed_out(), 302),
            ("an owner", signed_in(world("zoe").people["owner"]), 302),
            ("staff without a right", staff, 403),
        ):
            for page, method in product(pages, ("get", "post")):
                if page.endswith("history/") and not first and client is staff:
                    continue  # that nothing is there is told first
                answer = getattr(client, method)(f"/admin/{app}/{name}/{page}", {"post": "yes"})
                findings.expect(f"{who} at {page or 'the list'} by {method}", answer, status)
    operator = signed_in(User.objects.create_superuser("operator@example.com"))
    for page, status in zip(pages, _ANSWERS[ADMIN[model]], strict=True):
        if first or page in {"", "add/"}:
            findings.expect(f"an operator at {page or 'the list'}", operator.get(f"/admin/{app}/{name}/{page}"), status)
    counted(request, findings)
    findings.check()
