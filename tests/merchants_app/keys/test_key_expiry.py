"""A key's last day: chosen, shown, refused after it, and a letter a week ahead."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from checkout_project.jobs.schedule import BEAT_SCHEDULE
from merchants_app.keys.api_keys import WrongEnd, create_key, forget_keys
from merchants_app.models import ApiKey, Merchant
from merchants_app.tasks import tell_of_ending_keys
from tests.cast import Api
from tests.desk import Desk
from tests.strangers.world import own


@pytest.fixture
def key(mia: Merchant) -> ApiKey:
    """Made 30 days ago for 36."""
    made, _ = create_key(merchant=mia, mode="live", name="Till", expires_at=timezone.now() + timedelta(days=6))
    own(ApiKey).update(created_at=timezone.now() - timedelta(days=30))
    return made


def test_a_key_works_until_its_end_and_is_refused_after_it(api: Api, mia: Merchant) -> None:
    made, secret = create_key(merchant=mia, mode="test", name="x", expires_at=timezone.now() + timedelta(hours=1))
    till = api.as_(secret)
    assert till.get("checkout").status_code == 200
    ApiKey.objects.filter(pk=made.pk).update(expires_at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    forget_keys()
    answer = till.get("checkout")
    assert answer.status_code == 401
    (error,) = answer.answer["errors"]
    assert error["code"] == "expired_api_key"
    assert "ended at 2026-01-31 23:59 UTC" in error["detail"]


def test_a_remembered_key_ends_on_time_too(api: Api, mia: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    end = timezone.now() + timedelta(hours=1)
    till = api.as_(create_key(merchant=mia, mode="test", name="x", expires_at=end)[1])
    assert till.get("checkout").status_code == 200
    monkeypatch.setattr("merchants_app.keys.api_keys.timezone.now", lambda: end)
    assert till.get("checkout").status_code == 401


def test_no_key_ends_before_it_begins(mia: Merchant) -> None:
    with pytest.raises(WrongEnd, match="name a day to come"):
        create_key(merchant=mia, mode="test", name="x", expires_at=timezone.now())


def test_a_key_made_on_the_page_works_to_the_end_of_its_last_day(desk: Desk) -> None:
    desk.post("keys", name="Till", scopes=["read"], expires_at="2099-12-31")
    made = own(ApiKey).get()
    assert made.expires_at == datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert "31 Dec 2099" in desk.read("keys")


@pytest.mark.parametrize("day", ["2020-01-01", "tomorrow", "2099-02-30", "3000-01-01", "9999-12-31", "9" * 400])
def test_a_wrong_last_day_is_told_at_the_field(desk: Desk, day: str) -> None:
    answer = desk.post("keys", name="Till", scopes=["read"], expires_at=day)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["expires_at"]
    assert not own(ApiKey).exists()


def test_the_very_last_day_is_one_in_every_zone(desk: Desk, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="Pacific/Kiritimati")
    made = desk.post("keys", name="x", scopes=["read"], expires_at="2999-12-31").content.decode()
    (secret,) = re.findall(r"data-secret>(sk_test_\w+)<", made)
    tried = made.partition("Try it")[2]
    assert f"export TALLYSTICK_API_KEY={secret}</pre>" in tried
    assert re.findall(r"<summary>\s*(\w+)", tried) == ["curl", "Python", "Node", "PHP"]
    assert "Try it" not in desk.read("keys")
    assert desk.get("keys").status_code == 200


def test_a_key_that_ended_stands_apart(desk: Desk, mia: Merchant) -> None:
    create_key(merchant=mia, mode="test", name="Old till", expires_at=timezone.now() + timedelta(hours=1))
    own(ApiKey).update(expires_at=timezone.now() - timedelta(hours=1))
    text = desk.read("keys")
    assert "Keys that no longer work" in text
    assert "its time was over" in text
    assert "No keys yet" in text


def test_owners_are_written_to_once_a_week_ahead(key: ApiKey) -> None:
    tell_of_ending_keys()
    tell_of_ending_keys()
    (letter,) = mail.outbox
    assert letter.to == ["mia@example.com"]
    assert letter.subject == f"Mia Coffee: an API key ends on {key.expires_at:%-d %b %Y}"
    assert "live key “Till”" in letter.body
    assert f"/dashboard/{key.merchant.public_id}/live/keys" in letter.body


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": datetime(2099, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"expires_at": None},
        {"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(2099, 1, 1, tzinfo=UTC)},
    ],
    ids=["far", "over", "never", "revoked", "short"],
)
def test_no_letter_where_nobody_needs_one(key: ApiKey, change: dict[str, datetime | None]) -> None:
    own(ApiKey).update(**change)
    tell_of_ending_keys()
    assert mail.outbox == []


def test_a_letter_that_a_mail_server_would_not_take_is_sent_later(key: ApiKey, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_PORT = 9  # type: ignore[attr-defined]  # nobody listens there
    tell_of_ending_keys()
    assert own(ApiKey).get().expiry_told_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
    tell_of_ending_keys()
    assert len(mail.outbox) == 1


def test_it_runs_by_itself() -> None:
    assert "merchants_app.tasks.tell_of_ending_keys" in {job["task"] for job in BEAT_SCHEDULE.values()}
