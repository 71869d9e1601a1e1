"""A link that many buyers can pay by: each opening makes a session of its own."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from common.api.exact_json import ExactDecoder, ExactEncoder
from common.modes import Mode
from common.public_ids import new_link_id
from merchants_app.models import Merchant


class PaymentLink(models.Model):
    """Something sold again and again, at a fixed amount or at one the buyer chooses. `stock` and `ends_at` may end it.

    How many are sold is counted from the link's sessions, never kept: an expired session gives its piece back.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_link_id, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="payment_links")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    amount = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="Empty: the buyer chooses."
    )
    currency = models.CharField(max_length=3)
    quick_amounts = ArrayField(
        models.DecimalField(max_digits=20, decimal_places=4),
        default=list,
        db_default=[],
        blank=True,
        help_text="Proposed where the buyer chooses.",
    )
    min_amount = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="The least that a buyer can choose."
    )
    max_amount = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="The most that a buyer can choose."
    )
    product_id = models.CharField(max_length=200, blank=True)
    product_name = models.CharField(max_length=250)
    product_description = models.CharField(max_length=1000, blank=True)
    allowed_assets = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    success_url = models.CharField(max_length=2000, blank=True, help_text="Empty: back to the link's own page.")
    metadata = models.JSONField(default=dict, encoder=ExactEncoder, decoder=ExactDecoder)
    stock = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="How many can be sold; empty: no limit."
    )
    ends_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gt=0), name="link_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(quick_amounts=[], min_amount=None, max_amount=None),
                name="who_fixes_the_amount_limits_none",
            ),
            models.CheckConstraint(
                condition=(Q(min_amount=None) | Q(min_amount__gt=0))
                & (Q(max_amount=None) | Q(max_amount__gt=0))
                & (Q(min_amount=None) | Q(max_amount=None) | Q(max_amount__gte=F("min_amount"))),
                name="link_limits_are_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.product_name
