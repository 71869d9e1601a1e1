"""Where a merchant's money goes: one treasury per mode at a time, and the history of former ones."""

from django.db import models

from common.modes import Mode
from merchants_app.models.account import Merchant


class TreasuryKind(models.TextChoices):
    """How buyers' addresses are made from it."""

    ADDRESS = "address", "Wallet address (deposit contracts)"
    XPUB = "xpub", "Account public key (plain addresses)"


class XpubAccount(models.Model):
    """An account that plain addresses are drawn from: by one business, in one mode, each index once.

    Whoever names its xpub again goes on with the same count, however often it was left meanwhile.
    """

    fingerprint = models.CharField(
        max_length=64, unique=True, help_text="Of what makes its addresses, however its xpub is spelled."
    )
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    next_index = models.PositiveBigIntegerField(default=0, help_text="The next unused address of it.")

    def __str__(self) -> str:
        return f"{self.fingerprint[:12]}…"


class Treasury(models.Model):
    """The merchant's own receiving wallet. A change is a new row; sessions keep the one they began with."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="treasuries")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    kind = models.CharField(max_length=8, choices=TreasuryKind.choices, default=TreasuryKind.ADDRESS)
    address = models.CharField(max_length=42, blank=True, help_text="EIP-55 checksummed; empty for an xpub.")
    xpub = models.CharField(max_length=120, blank=True)
    account = models.ForeignKey(
        XpubAccount, on_delete=models.RESTRICT, null=True, related_name="+", db_index=False, help_text="Of the xpub."
    )
    verified_at = models.DateTimeField(null=True, help_text="When its owner proved it by a signature.")
    active_from = models.DateTimeField(help_text="New sessions use it from then on (24 h cooling period in live mode).")
    withdrawn_at = models.DateTimeField(
        null=True, help_text="When it was taken back before it began; it never began then."
    )
    created_by = models.CharField(max_length=200, blank=True, help_text="Who set it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "treasuries"
        indexes = [
            # Reader: treasury_for, which every new session asks.
            models.Index(
                fields=["merchant", "mode", "-active_from", "-id"],
                name="treasury_in_force",
                condition=models.Q(withdrawn_at=None),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(kind="address") & ~models.Q(address="") & models.Q(xpub=""))
                | (models.Q(kind="xpub") & ~models.Q(xpub="") & models.Q(address="")),
                name="treasury_is_an_address_or_an_xpub",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="address", account=None) | models.Q(kind="xpub", account__isnull=False),
                name="an_xpub_has_an_account_that_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.address or f"{self.xpub[:12]}…"
