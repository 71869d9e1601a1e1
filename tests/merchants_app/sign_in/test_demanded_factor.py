"""A business may demand a second factor of its members: who switches it on, who is led where, who is left alone."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.urls.converters import IntConverter

from common.modes import Mode
from merchants_app import urls as merchant_urls
from merchants_app.frame.places import Place
from merchants_app.models import AuditEntry, Member, Merchant
from merchants_app.sign_in.second_factor import factors_of, has_second_factor, without_second_factor
from sessions_app import urls as session_urls
from tests.desk import PASSWORD, Desk
from tests.factors import give_factor
from webhooks_app import urls as webhook_urls

# Every address below /dashboard/<business>/<mode>/, with an id of nothing where it wants one.
PAGES = [
    (each.name, {name: 1 if isinstance(kind, IntConverter) else "x" for name, kind in each.pattern.converters.items()})
    for urls in (session_urls, webhook_urls, merchant_urls)
    for each in urls.dashboard
]


def demand(desk: Desk, demanded: str) -> Any:
    """Presses the button on the Team page, having given the password a moment ago."""
    desk.client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return desk.post("team/second-factor", demanded=demanded)


@pytest.fixture
def strict(mia: Merchant, desk: Desk) -> Merchant:
    """Mia has a second factor and demands one of everybody."""
    give_factor(desk.user)
    assert demand(desk, "1").status_code == 302
    return mia


def test_a_member_without_one_sees_and_does_nothing(strict: Merchant, colleague: Callable[..., Desk]) -> None:
    desk = colleague("owner")
    opened = {}
    for name, ids in PAGES:
        path = reverse(f"dashboard:{name}", kwargs={"at": Place(strict.public_id, Mode.TEST), **ids})
        answers = [desk.client.get(path), desk.client.post(path)]
        opened[path] = [each.status_code for each in answers if each.headers.get("Location") != "/accounts/2fa/"]
    # A page that only takes the other method says so, to anybody.
    assert {path: codes for path, codes in opened.items() if set(codes) - {405} or len(codes) > 1} == {}
    assert len(opened) > 30


def test_they_are_led_to_set_it_up_with_a_sentence(strict: Merchant, colleague: Callable[..., Desk]) -> None:
    desk = colleague("viewer")
    answer = desk.get("overview")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/")
    said = "Mia Coffee asks for a second factor of all who work there. Set one up here, then go on."
    assert said in desk.client.get("/accounts/2fa/").content.decode()


def test_a_post_of_theirs_does_nothing(strict: Merchant, colleague: Callable[..., Desk]) -> None:
    desk = colleague("owner")
    assert desk.post("team", email="more@mia.example", role="viewer").headers["Location"] == "/accounts/2fa/"
    assert demand(desk, "0").headers["Location"] == "/accounts/2fa/"
    strict.refresh_from_db()
    assert strict.demands_second_factor
    assert strict.members.count() == 2


def test_whoever_has_one_works_on(strict: Merchant, desk: Desk, colleague: Callable[..., Desk]) -> None:
    viewer = colleague("viewer")
    assert viewer.get("overview").status_code == 302
    give_factor(viewer.user)
    assert viewer.get("overview").status_code == 200
    assert desk.get("overview").status_code == 200


def test_another_business_of_theirs_stays_open(
    strict: Merchant, otto: Merchant, colleague: Callable[..., Desk]
) -> None:
    desk = colleague("viewer")
    Member.objects.create(merchant=otto, user=desk.user, role="viewer")
    assert desk.client.post("/dashboard/switch", {"merchant": strict.public_id}).headers["Location"] == "/accounts/2fa/"
    desk.business = otto.public_id
    assert desk.get("overview").status_code == 200


def test_an_owner_without_one_cannot_demand_it(desk: Desk, mia: Merchant) -> None:
    demand(desk, "1")
    mia.refresh_from_db()
    assert not mia.demands_second_factor
    assert "Set up a second factor for yourself first" in desk.read("team")
    assert not AuditEntry.objects.filter(merchant=mia, action__startswith="second_factor").exists()


@pytest.mark.parametrize("role", ["developer", "support", "viewer"])
def test_only_owners_demand_it(mia: Merchant, colleague: Callable[..., Desk], role: str) -> None:
    desk = colleague(role)
    give_factor(desk.user)
    assert demand(desk, "1").status_code == 403
    assert "Demand it of everybody" not in desk.read("team")


def test_it_is_written_down_once_and_taken_back(strict: Merchant, desk: Desk, colleague: Callable[..., Desk]) -> None:
    demand(desk, "1")
    demand(desk, "0")
    lines = AuditEntry.objects.filter(merchant=strict, action__startswith="second_factor").order_by("id")
    assert [(line.actor, line.action) for line in lines] == [
        (desk.user.email, "second_factor.demanded"),
        (desk.user.email, "second_factor.no_longer_demanded"),
    ]
    assert colleague("viewer").get("overview").status_code == 200


def test_the_team_page_says_who_has_none(strict: Merchant, desk: Desk, colleague: Callable[..., Desk]) -> None:
    assert "Everybody has one." in desk.read("team")
    colleague("viewer")
    assert 'Without one: <span class="person">viewer@mia.example</span>.' in desk.read("team")


def test_recovery_codes_alone_are_no_second_factor(mia: Merchant, colleague: Callable[..., Desk]) -> None:
    viewer = colleague("viewer").user
    Authenticator.objects.create(user=viewer, type="recovery_codes", data={})
    assert without_second_factor(mia) == ["mia@example.com", viewer.email]
    assert (has_second_factor(viewer), factors_of(viewer.email)) == (False, [])
    given = give_factor(viewer)
    assert without_second_factor(mia) == ["mia@example.com"]
    assert (has_second_factor(viewer), factors_of(viewer.email)) == (True, [given])
