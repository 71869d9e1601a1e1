"""What a buyer says they have sent, before the chain shows it."""

from django.db import models

from sessions_app.models.session import CheckoutSession

# In place of a hash: a wallet sends it, and knows none yet. Smart wallets tell it only once the chain has the payment.
BY_WALLET = "wallet"


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

    @property
    def known_hash(self) -> str:
        """The transaction's; empty while nobody has told it."""
        return "" if self.tx_hash == BY_WALLET else self.tx_hash

    @property
    def by_exchange(self) -> bool:
        """Whether an exchange sends it, and no wallet of the buyer's."""
        return not self.tx_hash
