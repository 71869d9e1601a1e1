"""What people did: settings changed, keys made, decisions taken."""

from django.db import models

from common.modes import Mode
from merchants_app.models.account import Merchant


class AuditEntry(models.Model):
    """One act of a person or key that changed something, in words a merchant can read. Never edited.

    One exception: an erased buyer's words in `detail` (`audit.forget_words`).
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="audit_entries")
    mode = models.CharField(max_length=4, choices=Mode.choices, blank=True)
    actor = models.CharField(max_length=254, help_text="Who: an e-mail address, a key's hint, or 'system'.")
    action = models.CharField(max_length=60, help_text="What, as a stable word: `api_key.created`.")
    subject = models.CharField(
        max_length=254, blank=True, help_text="Public id of the thing acted on, or a person's e-mail address."
    )
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True, help_text="Where from; null: the program itself did it.")
    browser = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="How the caller's program names itself."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # Reader: the audit page, newest first.
            models.Index(fields=["merchant", "-created_at"], name="audit_newest_first"),
            # Readers: who erases or exports a buyer, who asks whether a buyer was asked already.
            models.Index(fields=["merchant", "subject"], name="audit_by_subject", condition=~models.Q(subject="")),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"
