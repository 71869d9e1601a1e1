"""What a merchant decided about an odd payment: a fact that the evaluation reads. And what is not yet one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sessions_app.models.session import CheckoutSession
from sessions_app.status import DecisionKind, Issue


class Decision(models.Model):
    """One decision. It settles the session's issue as it stood; money that comes later raises a new one.

    "Refunded" has in `seen` the refunds as well (`ref_…`) that make it no less: those that were withdrawn because their
    money had gone otherwise, and those of other money that were not final. Once the chain has another transaction of
    one of them in place of `tx_hash`, that is named here.
    """

    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    issue = models.CharField(max_length=12, choices=Issue.choices)
    seen = ArrayField(
        models.CharField(max_length=60),
        default=list,
        help_text="The payments it was taken about (`pay_…`, and `pay_…:vanished:1`): what is not among them is new.",
    )
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Of a refund.")
    note = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=200)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} ({self.issue})"


class PendingDecision(models.Model):
    """One that was taken in the dashboard and takes effect in a moment. Until then it can be taken back, and nobody is
    told."""

    session = models.OneToOneField(CheckoutSession, on_delete=models.PROTECT, related_name="pending_decision")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    issue = models.CharField(max_length=12, choices=Issue.choices)
    shown = ArrayField(
        models.CharField(max_length=60), help_text="The payments that whoever decided was shown as the issue's."
    )
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Of a refund.")
    note = models.CharField(max_length=500, blank=True)
    actor = models.CharField(max_length=200)
    takes_effect_at = models.DateTimeField(db_index=True)  # read by `take_effect`, every two seconds

    def __str__(self) -> str:
        return f"{self.kind} ({self.issue}), not yet"
