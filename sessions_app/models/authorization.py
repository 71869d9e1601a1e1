"""A payment that the buyer only signed, and that a facilitator is to bring to the chain."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from chains_app.networks.networks import find_option
from common.money import amount_text
from sessions_app.models.session import CheckoutSession


class AuthorizationStage(models.TextChoices):
    """How far a signed payment has come. Nobody's proof: what counts is what the chain shows."""

    ASKING = "asking", "The facilitator is asked whether it would bring it"
    SETTLING = "settling", "Handed over; not known whether it was brought"
    SETTLED = "settled", "Brought, as the facilitator says"
    FAILED = "failed", "Not brought, as the facilitator says"


class Authorization(models.Model):
    """One signed transfer of what a session's quote asks for. `signing/settling.py` is its one writer.

    While `over_at` is empty it may still move the buyer's money, and no other one is handed over for the session. Once
    settled it may again, if the chain drops its payment (`signing/kept.py`): then it is opened again.
    """

    session = models.ForeignKey(CheckoutSession, on_delete=models.CASCADE, related_name="authorizations")
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    sender = models.CharField(max_length=42, help_text="Whose signature it is.")
    nonce = models.CharField(max_length=66, help_text="The token's contract takes each of a sender's once.")
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)
    valid_before = models.DateTimeField(help_text="The contract takes it before then only.")
    stage = models.CharField(max_length=8, choices=AuthorizationStage.choices, default=AuthorizationStage.ASKING)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it was not brought, as the facilitator says.")
    tx_hash = models.CharField(max_length=66, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField(null=True, help_text="Since when somebody asks the facilitator; null: nobody does.")
    settled_at = models.DateTimeField(null=True, help_text="When the facilitator was asked that brought it.")
    over_at = models.DateTimeField(null=True, help_text="When it was known that it will move no money, or has.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(over_at__isnull=True), name="one_signed_payment_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["session", "sender", "nonce"],
                condition=~Q(stage="failed"),
                name="a_nonce_is_settled_once",
            ),
            models.CheckConstraint(
                condition=~Q(stage=AuthorizationStage.SETTLED.value, tx_hash=""),
                name="settled_payments_have_a_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{amount_text(self.amount_units, self.decimals)} {self.asset} on {self.network}, {self.stage}"

    @property
    def decimals(self) -> int:
        """Of the asset; of one that is listed no more nobody knows them, and its base units are told."""
        option = find_option(self.network, self.asset)
        return option.asset.decimals if option else 0
