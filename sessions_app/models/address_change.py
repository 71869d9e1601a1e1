"""Another address for a refund, asked for on the buyer's page and proven by a code from the buyer's mailbox."""

from django.db import models

from common.public_ids import new_address_change_id
from sessions_app.models.session import CheckoutSession

TRIES = 5


class AddressChange(models.Model):
    """Where a refund shall go from now on. It waits for its code; without it, the former address stays in force."""

    public_id = models.CharField(max_length=40, unique=True, default=new_address_change_id, editable=False)
    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="address_changes")
    former = models.CharField(max_length=42, blank=True, help_text="Empty: none was left before.")
    address = models.CharField(max_length=42, help_text="EIP-55 checksummed.")
    code_digest = models.CharField(max_length=64, blank=True, help_text="Empty: no code of it holds.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How many codes were tried.")
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, help_text="When the right code came; null: it waits, or nobody knew it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(tries__lte=TRIES), name="address_codes_are_tried_few_times")
        ]

    def __str__(self) -> str:
        return f"{self.former or '–'} → {self.address}"
