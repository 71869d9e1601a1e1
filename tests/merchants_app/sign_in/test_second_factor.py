"""The second factor: anybody whose address is proven sets one up; secrets are encrypted; operators only remove them."""

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from merchants_app.models import AuditEntry, Merchant, User
from tests.desk import PASSWORD, Desk, owner_of
from tests.factors import APP_SECRET, give_factor, sign_in_operator

SEED = "5eed" * 20


def code(secret: str = APP_SECRET, *, at: float | None = None) -> str:
    """What the authenticator app shows, by RFC 6238 with its usual 30 seconds and six digits."""
    step = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.new(base64.b32decode(secret), step, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def stored() -> str:
    """What a thief of the database reads of all second factors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        return str(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def _clock_at_rest() -> Iterator[None]:
    """No code runs out between being read and being typed."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def person(mia: Merchant) -> User:
    """Mia, who opened the letter to her address."""
    user = owner_of(mia)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def sign_in(user: User) -> Client:
    """By password, up to the second factor where there is one."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def set_up(user: User) -> tuple[Client, str]:
    """Signs in and sets up an authenticator app; the browser, and the secret that was shown."""
    client = sign_in(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/", answer.content.decode()
    return client, secret


def test_the_code_is_that_of_the_standard() -> None:
    assert code(at=59) == "287082"
    assert code(at=1111111109) == "081804"


def test_an_authenticator_app_is_set_up_and_nothing_of_it_lies_in_clear(person: User) -> None:
    _, secret = set_up(person)
    kinds = {factor.type: factor for factor in Authenticator.objects.filter(user=person)}
    assert set(kinds) == {"totp", "recovery_codes"}
    assert secret not in stored()
    assert kinds["recovery_codes"].data["seed"].startswith("gAAAAA")


def test_another_address_that_waits_is_no_hindrance(person: User) -> None:
    EmailAddress.objects.create(user=person, email="mia@new.example", verified=False)
    set_up(person)
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_the_password_alone_does_not_sign_in_and_a_wrong_code_is_told(person: User) -> None:
    give_factor(person)
    client = sign_in(person)
    assert client.get("/dashboard").headers["Location"].startswith("/accounts/login/")
    wrong = "000000" if code() != "000000" else "111111"
    assert "Incorrect code" in client.post("/accounts/2fa/authenticate/", {"code": wrong}).content.decode()
    assert client.post("/accounts/2fa/authenticate/", {"code": code()}).headers["Location"] == "/dashboard"
    assert client.get("/dashboard").headers["Location"].endswith("/test/overview")


def test_recovery_codes_are_shown_once_and_each_works_once(person: User) -> None:
    client, _ = set_up(person)
    first = client.get("/accounts/2fa/recovery-codes/")
    codes = first.context["unused_codes"]
    assert len(set(codes)) == 10
    assert f"data:text/plain;charset=utf-8,{'%0A'.join(codes)}%0A" in first.content.decode()
    again = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert not any(each in again for each in codes)
    assert "10 of 10 codes are left" in again

    def try_it() -> str | None:
        return sign_in(person).post("/accounts/2fa/authenticate/", {"code": codes[3]}).headers.get("Location")

    assert try_it() == "/dashboard"
    assert try_it() is None
    assert "9 codes left" in client.get("/accounts/2fa/").content.decode()


def test_new_recovery_codes_replace_the_former_and_leave_a_line(person: User) -> None:
    client, _ = set_up(person)
    former = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    client.post("/accounts/2fa/recovery-codes/generate/")
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert not set(codes) & set(former)
    assert sign_in(person).post("/accounts/2fa/authenticate/", {"code": former[0]}).status_code == 200


def test_keys_rotate_and_a_lost_key_is_told_in_a_sentence(person: User, settings: Settings) -> None:
    give_factor(person)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert sign_in(person).post("/accounts/2fa/authenticate/", {"code": code()}).status_code == 302
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    answer = sign_in(person).post("/accounts/2fa/authenticate/", {"code": code()})
    assert answer.status_code == 200
    assert "can no longer read your second factor" in answer.content.decode()


def test_what_a_process_of_the_version_before_wrote_in_clear_still_works(person: User) -> None:
    Authenticator.objects.create(user=person, type="totp", data={"secret": APP_SECRET})
    assert sign_in(person).post("/accounts/2fa/authenticate/", {"code": code()}).status_code == 302


def test_the_desk_links_to_sign_in_and_security(desk: Desk) -> None:
    assert '<a href="/accounts/2fa/">Sign-in and security</a>' in desk.read("overview")


# At the admin


def test_the_admin_shows_no_secret_and_changes_nothing(client: Client, person: User) -> None:
    sign_in_operator(client)
    factor = give_factor(person)
    page = client.get(f"/admin/mfa/authenticator/{factor.pk}/change/")
    assert page.status_code == 200
    assert factor.data["secret"] not in page.content.decode()
    assert "secret" not in page.content.decode()
    assert client.post(f"/admin/mfa/authenticator/{factor.pk}/change/", {"data": "{}"}).status_code == 403
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403


@pytest.mark.parametrize("by", ["its page", "the list"])
def test_an_operator_removes_a_factor_with_a_letter_a_line_and_the_end_of_sign_ins(
    client: Client,
    person: User,
    mia: Merchant,
    by: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    set_up(person)
    desk = Desk(person)
    assert desk.get("overview").status_code == 200
    sign_in_operator(client)
    factor = Authenticator.objects.get(user=person, type="totp")
    path, form = f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"}
    if by == "the list":
        path = "/admin/mfa/authenticator/"
        form |= {"action": "delete_selected", "_selected_action": str(factor.pk)}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(path, form).status_code == 302
    assert not Authenticator.objects.filter(user=person).exists()
    letter = mail.outbox[-1]
    assert letter.to == [person.email]
    assert "operator@example.com" in letter.body
    line = AuditEntry.objects.filter(merchant=mia).latest("id")
    assert (line.actor, line.action, line.subject) == (
        "operator operator@example.com", "account.factor_removed", person.email,
    )  # fmt: skip
    assert desk.get("overview").status_code == 302


def test_an_operator_cannot_remove_their_own_there(client: Client, db: None) -> None:
    own = Authenticator.objects.get(user=sign_in_operator(client))
    assert client.post(f"/admin/mfa/authenticator/{own.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post("/admin/mfa/authenticator/", {"action": "delete_selected", "_selected_action": own.pk, "post": "yes"})
    assert Authenticator.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize("path", ["/admin/", "/admin/merchants_app/user/", "/admin/login/"])
def test_staff_without_a_factor_is_led_to_set_one_up_and_sees_nothing_before(
    client: Client, db: None, path: str
) -> None:
    user = User.objects.create_superuser("fresh@example.com", PASSWORD)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    answer = client.get(path, follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/2fa/"
    assert "The operator&#x27;s admin asks for a second factor of everybody who opens it." in answer.content.decode()


def test_a_fresh_operator_sets_a_factor_up_and_is_in(client: Client, db: None) -> None:
    user = User.objects.create_superuser("fresh@example.com", PASSWORD)
    signed_in, _ = set_up(user)
    assert signed_in.get("/admin/").status_code == 200


def test_one_who_is_no_staff_is_refused(desk: Desk) -> None:
    give_factor(desk.user)
    assert desk.client.get("/admin/", follow=True).status_code == 403


def test_the_command_line_helps_an_operator_who_lost_everything(client: Client, db: None) -> None:
    user = sign_in_operator(client)
    assert client.get("/admin/").status_code == 200
    call_command("remove_second_factor", user.email.upper())
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.get("/admin/").status_code == 302
    with pytest.raises(CommandError, match=r"Nobody here has the address who@example\.com\."):
        call_command("remove_second_factor", "who@example.com")
