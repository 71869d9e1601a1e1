"""A second factor: whoever was invited can switch it on, and everybody concerned is told when it comes or goes."""

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator

from merchants_app.models import AuditEntry
from tests.desk import Desk
from tests.letters import letters_to
from tests.strangers.world import own

pytestmark = pytest.mark.usefixtures("letters_leave")


def code_now(secret: str) -> str:
    """What an authenticator app shows (RFC 6238): six digits, half a minute each, HMAC-SHA-1."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    begin = mac[-1] & 15
    number = struct.unpack(">I", mac[begin : begin + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def test_it_is_told_to_its_owner_and_to_the_owners(colleague: Callable[..., Desk], desk: Desk) -> None:
    support = colleague("support").give_password()
    page = support.client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.findall(r"\b[A-Z2-7]{32}\b", page)[0]
    support.client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert Authenticator.objects.filter(user=support.user, type="totp").exists()
    support.client.post("/accounts/2fa/totp/deactivate/")
    for address in ("support@mia.example", desk.user.email):
        subjects = " | ".join(letter.subject for letter in letters_to(address))
        assert "has an authenticator app as second factor from now on" in subjects
        assert "has an authenticator app as second factor no longer" in subjects
    assert secret not in str([letter.body for letter in letters_to(desk.user.email)])
    acts = set(own(AuditEntry).values_list("action", flat=True))
    assert {"account.factor_added", "account.factor_removed"} <= acts


def test_a_cookie_alone_changes_no_factor(desk: Desk) -> None:
    for page in ("totp/activate/", "recovery-codes/generate/"):
        answer = desk.client.post(f"/accounts/2fa/{page}", {"code": "123456"})
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not Authenticator.objects.filter(user=desk.user).exists()


def test_a_cookie_alone_takes_no_factor_away(desk: Desk) -> None:
    Authenticator.objects.create(user=desk.user, type="totp", data={"secret": "7" * 32})
    answer = desk.client.post("/accounts/2fa/totp/deactivate/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(user=desk.user, type="totp").exists()
