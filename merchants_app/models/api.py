"""What a shop's server holds: API keys, and the memory of its idempotent requests."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from common.modes import Mode
from common.public_ids import new_key_id
from merchants_app.models.account import Merchant, User


class KeyScope(models.TextChoices):
    """What a key may do. None implies another: `write` does not include `read`."""

    READ = "read", "Read"
    WRITE = "write", "Write"
    WEBHOOKS = "webhooks", "Webhooks"
    DECIDE = "decide", "Decide"


class ApiKey(models.Model):
    """A secret of a shop's server. Only its SHA-256 is kept; the secret is shown once, when it is made.

    It can do what its scopes say, as far as its holder's role reaches (`powers.SCOPE_NEEDS`), and nothing once the
    holder does not belong to the business any more. The holder is whoever made it, or the owner who took it over.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_key_id, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="api_keys")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    name = models.CharField(max_length=80)
    hint = models.CharField(max_length=24, help_text="The first characters, to recognise the key by.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=8, choices=KeyScope.choices))
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    # Whoever deletes the account ends the keys with it: without a holder a key can do nothing.
    holder = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(null=True, help_text="It stops working then; empty: never.")
    expiry_told_at = models.DateTimeField(null=True, editable=False, help_text="When owners were told of its end.")
    revoked_at = models.DateTimeField(null=True, editable=False)

    holder_role: str | None = None  # in the key's business, where a query was asked for it (`api_keys.with_roles`)

    class Meta:
        verbose_name = "API key"
        permissions = [("revoke_apikey", "Can revoke API keys")]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class IdempotencyRecord(models.Model):
    """The answer once given to a request with an `Idempotency-Key`, kept 24 h; or that such a request runs."""

    # Without the index that the constraint below begins with, and without asking whether the merchant of the key that
    # was just checked exists: both would be paid by every POST.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status_code = models.SmallIntegerField()
    body = models.BinaryField()
    is_encrypted = models.BooleanField(
        help_text="False: JSON as it left, of a call whose answer holds no secret and is stored where it is made."
    )
    created_at = models.DateTimeField(db_index=True)
    running_until = models.DateTimeField(
        null=True, help_text="Others wait until then for the answer, which is still to come; null: here it is."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "mode", "key"], name="one_answer_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return self.key
