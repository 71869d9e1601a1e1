"""What an operator has switched off for all businesses."""

from django.db import models
from django.db.models import Q


class Feature(models.TextChoices):
    """What can be switched off without a restart, and nobody who is paying is left standing."""

    SIGN_UP = "sign_up", "New businesses may sign up"
    SIGNED_PAYMENTS = "signed_payments", "Buyers may sign instead of send"
    WALLETCONNECT = "walletconnect", "Wallets on other devices, by WalletConnect"
    PAYMENT_LINKS = "payment_links", "Payment links"


class Switch(models.Model):
    """One of them. Without a row, and without a time in it, it is on, as far as the environment has it."""

    feature = models.CharField(max_length=20, choices=Feature.choices, primary_key=True)
    off_since = models.DateTimeField(null=True)
    changed_by = models.CharField(max_length=200, blank=True)
    because = models.CharField(max_length=500, blank=True, help_text="Why it was last switched.")

    class Meta:
        verbose_name_plural = "switches"
        constraints = [
            models.CheckConstraint(
                condition=Q(off_since=None) | (~Q(changed_by="") & ~Q(because="")),
                name="a_switch_has_a_reason_and_an_author",
            )
        ]

    def __str__(self) -> str:
        return self.get_feature_display()
