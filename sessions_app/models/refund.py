"""Money on its way back to a buyer: prepared here, signed in the merchant's own wallet, seen on the chain."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from common.public_ids import new_refund_id
from sessions_app.models.session import CheckoutSession
from sessions_app.status import Issue


class RefundKind(models.TextChoices):
    """How much goes back."""

    FULL = "full", "All that arrived"
    EXCESS = "excess", "The excess only"
    AMOUNT = "amount", "Another amount"


class RefundRate(models.TextChoices):
    """At which rate the amount is turned into the asset."""

    PAID = "paid", "The rate at which it was paid"
    TODAY = "today", "Today's rate"


class Refund(models.Model):
    """One transfer to the buyer. The server holds no key: it says what to sign, and notices when it has been done.

    A transfer of exactly this amount of this asset to this address, after it was prepared, is the refund; the first one
    that the chain shows is taken, whoever sent it.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_refund_id, editable=False)
    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=8, choices=RefundKind.choices)
    rate_basis = models.CharField(max_length=8, choices=RefundRate.choices)
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField()
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)
    value = models.DecimalField(max_digits=120, decimal_places=18, help_text="In the session's currency, at `rate`.")
    rate = models.DecimalField(max_digits=38, decimal_places=18)
    to_address = models.CharField(max_length=42, help_text="Where the buyer wants it; EIP-55 checksummed.")
    issue = models.CharField(
        max_length=12, choices=Issue.choices, blank=True, help_text="What is settled when it is final; empty: nothing."
    )
    seen = ArrayField(
        models.CharField(max_length=60),
        default=list,
        help_text="The payments that it was about, as in Decision.",
    )
    actor = models.CharField(max_length=200)
    prepared_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(
        null=True, help_text="The merchant will not send it: it is no longer watched for."
    )
    tx_hash = models.CharField(max_length=66, blank=True)
    log_index = models.IntegerField(null=True)
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    seen_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["network", "tx_hash", "log_index"],
                condition=~models.Q(tx_hash=""),
                name="one_refund_per_movement",
            )
        ]
        indexes = [
            # Reader: the watcher, for what is still to be seen or confirmed.
            models.Index(
                fields=["network"],
                name="refunds_watched_for",
                condition=models.Q(confirmed_at=None, withdrawn_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_units} {self.asset} to {self.to_address}"
