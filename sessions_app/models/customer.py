"""Who buys: one customer per merchant, mode and e-mail address, as far as there is one."""

from typing import ClassVar

from django.db import models
from django.db.models import CharField, Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from common.modes import Mode
from common.public_ids import new_customer_id
from merchants_app.models import Merchant

# What lists call them, and are sorted by.
CALLED = Lower(Coalesce(NullIf("name", Value("")), NullIf("email", Value("")), "public_id", output_field=CharField()))


class Customer(models.Model):
    """A buyer as a merchant knows them. The name is the last one that the merchant's own server gave."""

    public_id = models.CharField(max_length=40, unique=True, default=new_customer_id, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="customers", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    email = models.EmailField(max_length=254, blank=True)
    name = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, editable=False, help_text="When all that is personal was erased.")

    NAMES_BUYER: ClassVar = {"name": "Name", "email": "E-mail"}  # what says who it is, and what operators call it

    class Meta:
        constraints = [
            # Those of whom no address is known are one for each session.
            models.UniqueConstraint(
                "merchant", "mode", Lower("email"), condition=~Q(email=""), name="one_customer_per_known_email"
            ),
        ]
        indexes = [
            # Readers: the list of customers, sorted by name, and newest first.
            models.Index("merchant", "mode", CALLED, "id", name="customers_by_name"),
            models.Index(fields=["merchant", "mode", "-id"], name="customers_newest_first"),
        ]

    def __str__(self) -> str:
        return self.public_id  # what names it elsewhere must not keep who it is
