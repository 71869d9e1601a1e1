"""What a buyer says they have sent, before the chain shows it."""

from django.db import models

from sessions_app.models.session import CheckoutSession


class Announcement(models.Model):
    """The last payment that the buyer's page was told of. Nobody's proof: no rule of money looks at it, only the page,
    so that it says "sent" instead of asking for the same money a second time."""

    session = models.OneToOneField(
        CheckoutSession, on_delete=models.CASCADE, primary_key=True, related_name="announcement"
    )
    network = models.CharField(max_length=32, help_text="Where it was sent: that of the quote then in force.")
    amount = models.CharField(max_length=120, help_text="What was asked for, as the page wrote it.")
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Empty: an exchange sends it; only it knows.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.amount} on {self.network}: {self.tx_hash or 'by an exchange'}"
