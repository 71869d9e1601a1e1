"""Stored secrets, by another key: after `reencrypt` the first one alone reads them."""

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from checkout_project.restoring import reencrypting
from common.encryption import decrypt, encrypt, reencrypted
from merchants_app.models import Merchant
from sessions_app.models import ReceiptKey
from sessions_app.receipts.keys import signing_key
from tests.desk import owner_of
from tests.strangers.world import own
from webhooks_app.endpoints.endpoints import create_endpoint
from webhooks_app.endpoints.secrets_at_rest import secrets_in
from webhooks_app.models import WebhookEndpoint

pytestmark = [pytest.mark.django_db, pytest.mark.moves_everybody("all secrets are encrypted anew")]


@pytest.fixture
def secret(mia: Merchant, settings: LazySettings) -> str:
    """Of an endpoint; a second factor and a receipt key are kept beside it, all by the only key there is."""
    _, made = create_endpoint(
        merchant=mia, mode="test", url="https://shop.example/hooks", headers={"X-Shop": "7"}, actor="a test"
    )
    Authenticator.objects.create(user=owner_of(mia), type="totp", data={"secret": encrypt("JBSWY3DP")})
    signing_key(timezone.now())
    return made


def test_the_first_key_alone_reads_all_of_it_afterwards(
    secret: str, mia: Merchant, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    former, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, former]
    call_command("reencrypt")
    assert "webhooks_app_webhookendpoint: " in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [new]
    endpoint = own(WebhookEndpoint).get()
    assert secrets_in(endpoint.secret_encrypted) == [secret]
    assert decrypt(endpoint.headers_encrypted) == '{"X-Shop":"7"}'
    assert decrypt(Authenticator.objects.get(user=owner_of(mia)).data["secret"]) == "JBSWY3DP"
    assert decrypt(ReceiptKey.objects.get(signs=True).private)
    call_command("reencrypt")
    assert "0 rows encrypted anew" in capsys.readouterr().out


def test_a_row_that_somebody_changes_meanwhile_is_encrypted_anew_too(
    secret: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who makes a new secret keeps the last one beside it, by the former key."""
    endpoint = own(WebhookEndpoint)
    settings.ENCRYPTION_KEYS = [new := Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]

    def meanwhile(token: str) -> str:
        endpoint.filter(previous_secret_encrypted="").update(previous_secret_encrypted=F("secret_encrypted"))
        return reencrypted(token)

    monkeypatch.setattr(reencrypting, "reencrypted", meanwhile)
    reencrypting.reencrypt()
    settings.ENCRYPTION_KEYS = [new]
    assert reencrypting.unreadable() == []
    assert secrets_in(endpoint.get().previous_secret_encrypted) == [secret]


def test_what_no_key_reads_is_named_and_nothing_is_changed(secret: str, settings: LazySettings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    endpoint = own(WebhookEndpoint).get()
    with pytest.raises(CommandError, match=f"webhooks_app_webhookendpoint {endpoint.pk}"):
        call_command("reencrypt")
    assert own(WebhookEndpoint).get().secret_encrypted == endpoint.secret_encrypted
