"""A letter that asks somebody into a business's team. Until it is accepted, nobody is a member."""

from datetime import datetime

from django.db import models

from merchants_app.models.account import Merchant, Role, User


class Invitation(models.Model):
    """Sent to one address; whoever opens it has that mailbox. Only the hash of its secret is kept."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address", help_text="In small letters; where the letter went.")
    role = models.CharField(max_length=12, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret in the letter's link.")
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="invitations_sent")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(help_text="When the last letter left; an earlier one's link works no more.")
    expires_at = models.DateTimeField(help_text="From then on the link opens nothing.")
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="invitations_accepted")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None),
                name="invitation_is_accepted_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} for {self.merchant}"

    def is_over(self, now: datetime) -> bool:
        """Whether its time is up."""
        return self.expires_at <= now
