"""Addresses that buyers pay to, and those that may serve once more."""

from django.db import models
from django.db.models import Q

from merchants_app.models import Treasury
from sessions_app.models.session import CheckoutSession


class DepositAddress(models.Model):
    """The address of one session; the same on every EVM network. Watched from the moment the buyer was shown it.

    A contract that was collected may serve several sessions, one after the other: each has a row of its own, and what
    comes belongs to the one that had the address at its block's time (`watching/holders.py`).
    """

    session = models.OneToOneField(CheckoutSession, on_delete=models.PROTECT, related_name="deposit")
    address = models.CharField(max_length=42, help_text="EIP-55 checksummed.")
    derivation_index = models.PositiveBigIntegerField(null=True, help_text="Of an xpub; null for deposit contracts.")
    made_for = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The session whose id is in the contract, when it is another: one that was superseded, or served.",
    )
    watch_until = models.DateTimeField(db_index=True, help_text="Copied from the session.")
    created_at = models.DateTimeField(help_text="Since when the session has it.")
    passed_on_at = models.DateTimeField(null=True, editable=False, help_text="Since when another session has it.")

    class Meta:
        verbose_name_plural = "deposit addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=Q(passed_on_at=None), name="addresses_serve_one_session_at_a_time"
            ),
        ]
        indexes = [
            # Reader: whose address it is, and was.
            models.Index(fields=["address"], name="deposits_by_address"),
            # Reader: how many addresses wait to be collected, of which few have served several sessions.
            models.Index(fields=["session"], name="deposits_of_several", condition=~Q(made_for="")),
        ]

    def __str__(self) -> str:
        return self.address


class SpareDeposit(models.Model):
    """A deposit contract that may serve another session of its treasury: it exists on that network, and has rested.

    Whoever takes it asks once more whether that is still so: a row here is a hint where to look.
    """

    deposit = models.ForeignKey(DepositAddress, on_delete=models.CASCADE, db_index=False, related_name="spare_on")
    treasury = models.ForeignKey(Treasury, on_delete=models.CASCADE, db_index=False, related_name="+")
    network = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deposit", "network"], name="spare_once_on_a_network")]
        indexes = [
            # Reader: a session that needs an address.
            models.Index(fields=["treasury", "network", "id"], name="spare_deposits_of_a_treasury"),
        ]

    def __str__(self) -> str:
        return f"{self.deposit} on {self.network}"
