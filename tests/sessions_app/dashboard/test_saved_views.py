"""Lists that a member keeps under a name."""

import pytest

from merchants_app.models import Member, Merchant, User
from sessions_app.models import SavedView
from tests.desk import PASSWORD, Desk
from tests.strangers.world import own


def test_a_list_is_kept_under_a_name_and_removed(desk: Desk) -> None:
    desk.post("views", of="sessions", name="Euro", query="currency=EUR&x=<b>")
    view = SavedView.objects.get(member__user=desk.user)
    assert view.query == "currency=EUR&x=%3Cb%3E"
    assert 'href="?currency=EUR&amp;x=%3Cb%3E"' in desk.read("sessions")
    assert "Euro" not in desk.read("payments")
    desk.post("views", of="sessions", name="Euro", query="currency=USD")
    assert SavedView.objects.get(pk=view.pk).query == "currency=USD"
    desk.post("views/remove", of="payments", name="Euro")
    assert "no view “Euro” of yours" in desk.read("payments")
    desk.post("views/remove", of="sessions", name="Euro")
    assert not SavedView.objects.filter(pk=view.pk).exists()


def test_a_list_whose_address_is_too_long_as_it_is_written_is_not_kept(desk: Desk) -> None:
    kept = SavedView.objects.count()
    desk.post("views", of="sessions", name="Euro", query="q=" + "é" * 900)
    assert SavedView.objects.count() == kept
    assert "at most 2000 characters" in desk.read("sessions")


def test_views_are_ones_own_in_one_business_and_mode(desk: Desk, mia: Merchant) -> None:
    desk.post("views", of="sessions", name="Mine", query="")
    view = SavedView.objects.get(name="Mine", member__user=desk.user)
    viewer = User.objects.create_user("viewer@mia.example", PASSWORD)
    Member.objects.create(merchant=mia, user=viewer, role="viewer")
    for other in (desk.in_("live"), Desk(viewer)):
        assert "Mine" not in other.read("sessions")
        other.post("views/remove", of="sessions", name="Mine")
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_twenty_views_are_enough(desk: Desk) -> None:
    for number in range(21):
        desk.post("views", of="payments", name=f"view {number}", query="")
    kept = SavedView.objects.filter(member__user=desk.user, of="payments")
    assert kept.count() == 20
    assert "20 views of this list already" in desk.read("payments")


@pytest.mark.parametrize("form", [{"of": "sessions", "name": ""}, {"of": "elsewhere", "name": "x"}])
def test_a_view_needs_a_name_and_a_list(desk: Desk, form: dict[str, str]) -> None:
    assert desk.post("views", **form, query="").status_code == 302
    assert not own(SavedView).exists()
