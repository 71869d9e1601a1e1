"""How much is due, and what arrived."""

from django.db import models
from django.db.models import Q

from common.modes import Mode
from common.money import amount_text
from common.public_ids import new_payment_id, new_quote_id
from merchants_app.models import Merchant
from sessions_app.models.session import CheckoutSession


class Quote(models.Model):
    """The amount of an asset that is due, at a rate locked until a time. `session.quote` is in force."""

    public_id = models.CharField(max_length=40, default=new_quote_id, editable=False)
    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="quotes", db_index=False)
    asset = models.CharField(max_length=16)
    network = models.CharField(max_length=32)
    decimals = models.PositiveSmallIntegerField(help_text="Of the asset: one whole is 10^decimals base units.")
    amount_units = models.DecimalField(max_digits=78, decimal_places=0, help_text="What was due when it was made.")
    rate = models.DecimalField(
        max_digits=38,
        decimal_places=18,
        help_text="Price of one whole asset in the session's currency, spread included.",
    )
    provenance = models.JSONField(help_text="Sources with values and ages, the rule that chose, the spread.")
    created_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="quote_ids_are_unique"),
            models.CheckConstraint(
                condition=Q(amount_units__gt=0, rate__gt=0), name="quotes_ask_for_something_at_a_rate"
            ),
        ]
        indexes = [
            # Reader: valuation, which looks for the quote that a block's time falls into.
            models.Index(fields=["session", "-id"], name="quotes_of_a_session"),
        ]

    def __str__(self) -> str:
        return f"{amount_text(self.amount_units, self.decimals)} {self.asset} on {self.network}"


class Basis(models.TextChoices):
    """At which rate a payment was counted."""

    QUOTE = "quote", "The quote's rate"
    ARRIVAL = "arrival", "The rate of arrival"
    NONE = "none", "Not counted"


class Payment(models.Model):
    """A transfer that reached a session's address, and what it is worth. One row per movement on chain.

    `counts` is false for an asset the session does not allow: recorded, never added. Without a `value` (no rate was to
    be had) it is recorded and counted as soon as a rate is known.
    """

    public_id = models.CharField(max_length=40, default=new_payment_id, editable=False)
    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="payments")
    # The session's, so that a business's payments are found without its sessions. The database writes them, by a
    # trigger of migration 0012: nothing else can be in them, whoever writes the row.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False, help_text="Its session's."
    )
    mode = models.CharField(max_length=4, choices=Mode.choices, editable=False, help_text="Its session's.")
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    tx_hash = models.CharField(max_length=66)
    log_index = models.IntegerField(help_text="Position of the log; -1 for the transaction's own value.")
    sender = models.CharField(max_length=42)
    decimals = models.PositiveSmallIntegerField(help_text="Of the asset: one whole is 10^decimals base units.")
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)
    block_number = models.BigIntegerField(null=True, help_text="Null: seen, in no block yet.")
    block_hash = models.CharField(max_length=66, blank=True)
    arrived_at = models.DateTimeField(help_text="The block's time; when first seen, while it is in none.")

    counts = models.BooleanField(default=True)
    basis = models.CharField(max_length=8, choices=Basis.choices)
    rate = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    value = models.DecimalField(
        max_digits=120,  # 2^256 units at any rate: a test token that anybody can mint must not stop the watcher
        decimal_places=18,
        null=True,
        help_text="Worth in the session's currency, at `rate`, unrounded.",
    )
    confirmations_needed = models.PositiveIntegerField()
    seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="When it was deep enough, in the block where it is now.")
    first_confirmed_at = models.DateTimeField(
        null=True, help_text="When it was so for the first time: from then on a shop may have relied on it."
    )
    vanished_at = models.DateTimeField(null=True, help_text="When the chain was seen without it.")
    times_vanished = models.PositiveSmallIntegerField(default=0)
    collected_at = models.DateTimeField(null=True, help_text="When it was seen to leave for the treasury.")
    collected_tx = models.CharField(max_length=66, blank=True, help_text="The transaction that collected it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="payment_ids_are_unique"),
            # The database refuses the second sight of the same movement, however many watchers run. Run in another
            # block, a transaction may move something else at the same place within it: that is another movement.
            models.UniqueConstraint(
                fields=["network", "tx_hash", "log_index", "session", "asset", "amount_units"],
                name="movements_are_stored_once",
            ),
            models.CheckConstraint(condition=Q(amount_units__gt=0), name="payments_are_above_zero"),
            models.CheckConstraint(
                condition=Q(rate=None, value=None) | Q(rate__isnull=False, value__isnull=False),
                name="a_worth_has_its_rate",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(first_confirmed_at__isnull=False),
                name="what_is_confirmed_was_so_a_first_time",
            ),
        ]
        indexes = [
            # Readers: payments that wait for confirmations, per network; the admin's list of them.
            models.Index(
                fields=["network", "block_number"], name="payments_unconfirmed", condition=Q(confirmed_at=None)
            ),
            # Readers: the collect page and the overview, which sum up what lies in deposits from this index alone; the
            # list of what is not yet collected.
            models.Index(
                fields=["merchant", "mode", "arrived_at", "id"],
                include=["network", "asset", "amount_units", "session", "collected_tx"],
                name="payments_uncollected",
                condition=Q(confirmed_at__isnull=False, vanished_at=None, collected_at=None),
            ),
            # Reader: the watcher, for payments that no rate was known for.
            models.Index(fields=["network"], name="payments_without_a_rate", condition=Q(value=None, vanished_at=None)),
            # Reader: the watcher, for collections that were reported to it and are not final yet.
            models.Index(
                fields=["network"],
                name="payments_being_collected",
                condition=Q(collected_at=None) & ~Q(collected_tx=""),
            ),
            # Readers: a business's payments by when they came: its list of them, its figures, its books.
            models.Index(fields=["merchant", "mode", "arrived_at", "id"], name="payments_by_arrival"),
            # Reader: the list of payments, of those that a network took back, or that do not count. Few.
            models.Index(
                fields=["merchant", "mode", "arrived_at", "id"],
                name="payments_taken_back",
                condition=Q(vanished_at__isnull=False),
            ),
            models.Index(
                fields=["merchant", "mode", "arrived_at", "id"], name="payments_not_counted", condition=Q(counts=False)
            ),
            # Reader: payments of a replaced range of blocks.
            models.Index(fields=["network", "block_number"], name="payments_by_block"),
        ]

    def __str__(self) -> str:
        return f"{amount_text(self.amount_units, self.decimals)} {self.asset} in {self.tx_hash}"
