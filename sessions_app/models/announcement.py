"""What a buyer says they have sent, before the chain shows it."""

from django.db import models

from sessions_app.models.session import CheckoutSession

# In place of a hash: a wallet sends it, and knows none yet. Smart wallets tell it only once the chain has the payment.
BY_WALLET = "wallet"


class Fate(models.TextChoices):
    """What became of the transaction, by the word of the network's nodes."""

    UNKNOWN = "unknown", "no node knows it"
    WAITING = "waiting", "in no block that counts yet"
    DONE = "done", "in a block for good: what it paid is seen as any payment"
    REVERTED = "reverted", "in a block for good, and undone: it paid nothing"
    REPLACED = "replaced", "another one of its sender's has its place"


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
    fate = models.CharField(
        max_length=10, choices=Fate, blank=True, db_default="", help_text="Empty: nobody has asked the network yet."
    )
    sender = models.CharField(max_length=42, blank=True, db_default="", help_text="Whose it is, once a node has told.")
    nonce = models.BigIntegerField(null=True, help_text="The sender's number of it: another one may take its place.")

    class Meta:
        # Those that the network is asked about are of the last hour.
        indexes = [models.Index(fields=["network", "at"], name="announcements_by_network")]

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
