"""The books of a business: a line for each movement of money, written with the fact that it is about."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.modes import Mode
from common.money import amount_text
from merchants_app.models import Merchant
from sessions_app.models.payment import Payment
from sessions_app.models.refund import Refund
from sessions_app.models.session import CheckoutSession


class LineKind(models.TextChoices):
    """What happened. Each has one that takes it back, since a chain may."""

    RECEIVED = "received", "Received"
    TAKEN_BACK = "taken_back", "Taken back"
    COLLECTED = "collected", "Collected"
    COLLECTION_TAKEN_BACK = "collection_taken_back", "Collection taken back"
    REFUNDED = "refunded", "Refunded"
    REFUND_TAKEN_BACK = "refund_taken_back", "Refund taken back"
    NETWORK_FEE = "network_fee", "Network fee"
    FEE_TAKEN_BACK = "fee_taken_back", "Network fee taken back"


# What lines have in common that are added up.
BOOKED_ALIKE = [
    "merchant", "mode", "booked_on", "kind", "network", "asset", "decimals", "currency", "reporting_currency",
]  # fmt: skip


# Lines of transactions that collected, and those that take them back.
OF_COLLECTIONS = Q(kind__in=[LineKind.COLLECTED.value, LineKind.COLLECTION_TAKEN_BACK.value]) & ~Q(tx_hash="")


class BookLine(models.Model):
    """One line. Never changed and never deleted, which a trigger holds: what is undone later is a line of its own.

    Amounts are above zero; what a kind does to a sum stands in `books/definitions.py`. It says of no buyer who it was.
    `books/booking.py` writes them all.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    kind = models.CharField(max_length=21, choices=LineKind.choices)
    booked_on = models.DateField(
        help_text="The business's day that it counts for: its own; if that month is closed, when it was learned."
    )
    at = models.DateTimeField(help_text="When it happened, as far as is known.")
    written_at = models.DateTimeField(db_default=Now())

    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField(help_text="Of the asset: one whole is 10^decimals base units.")
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)

    currency = models.CharField(max_length=3, blank=True, help_text="The session's; empty of a network's fee.")
    value = models.DecimalField(max_digits=120, decimal_places=18, null=True, help_text="In `currency`, at `rate`.")
    rate = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    rate_sources = models.CharField(max_length=300, blank=True, help_text="On whose word.")
    rate_at = models.DateTimeField(null=True, help_text="When they said so.")

    reporting_currency = models.CharField(max_length=3, help_text="The business's at that time.")
    reporting_value = models.DecimalField(
        max_digits=120, decimal_places=18, null=True, help_text="Null: no rate of that moment is known."
    )
    reporting_rate = models.DecimalField(max_digits=38, decimal_places=18, null=True)
    reporting_sources = models.CharField(max_length=300, blank=True)
    reporting_rate_at = models.DateTimeField(null=True)

    session = models.ForeignKey(
        CheckoutSession, on_delete=models.PROTECT, null=True, related_name="book_lines", db_index=False
    )
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="book_lines", db_index=False)
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="book_lines", db_index=False)
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Of the collection, the refund, or the fee.")
    turn = models.PositiveSmallIntegerField(default=1, help_text="Which time of its kind, for the same cause.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_units__gt=0), name="book_lines_are_above_zero"),
            # The same cause is booked once, however many notice it.
            models.UniqueConstraint(
                fields=["payment", "kind", "turn"], condition=Q(payment__isnull=False), name="payments_are_booked_once"
            ),
            models.UniqueConstraint(
                fields=["refund", "kind", "turn"], condition=Q(refund__isnull=False), name="refunds_are_booked_once"
            ),
            models.UniqueConstraint(
                fields=["session", "kind", "network", "asset", "turn"],
                condition=Q(payment=None, refund=None, session__isnull=False),
                name="refunds_by_hand_are_booked_once",
            ),
            models.UniqueConstraint(
                fields=["merchant", "mode", "network", "tx_hash", "kind", "turn"],
                condition=Q(session=None),
                name="fees_are_booked_once",
            ),
        ]
        indexes = [
            # Readers: the statement, exports, the overview.
            models.Index(fields=["merchant", "mode", "booked_on", "id"], name="book_lines_by_day"),
            # Reader: `books/fees.py`, for whom a transaction was booked already.
            models.Index(fields=["network", "tx_hash"], name="book_lines_of_fees", condition=Q(session=None)),
            # Reader: the last collections on the page of what waits; first which they are, then all that was theirs.
            models.Index(
                fields=["merchant", "mode", "-at"],
                include=["tx_hash"],
                name="book_lines_of_collections",
                condition=OF_COLLECTIONS,
            ),
            models.Index(
                fields=["merchant", "mode", "tx_hash"], name="book_lines_by_collection", condition=OF_COLLECTIONS
            ),
            # Reader: the admin's list of one kind. The usual ones are found quickly from the newest line on.
            models.Index(
                fields=["kind", "-id"],
                name="book_lines_of_rare_kinds",
                condition=~Q(kind__in=[LineKind.RECEIVED.value, LineKind.COLLECTED.value]),
            ),
            # Reader: the session's page.
            models.Index(fields=["session"], name="book_lines_of_a_session", condition=Q(session__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {amount_text(self.amount_units, self.decimals)} {self.asset} on {self.network}"


class BookSum(models.Model):
    """What lines of a day come to that differ in nothing but their money: read instead of a year of lines.

    A trigger adds a loose one beside each line, in its transaction; `books/catching_up.py` adds those up now and then.
    So there are several of a kind, and whoever reads them adds up: that is never late, and never more than the lines.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="+", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    booked_on = models.DateField()
    kind = models.CharField(max_length=21, choices=LineKind.choices)
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    reporting_currency = models.CharField(max_length=3)

    amount_units = models.DecimalField(max_digits=120, decimal_places=0)
    reporting_value = models.DecimalField(max_digits=140, decimal_places=18, help_text="Of those whose worth is known.")
    lines = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField(help_text="How many of them are of no known worth.")
    is_loose = models.BooleanField(help_text="To be added to the one of its kind.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=BOOKED_ALIKE, condition=Q(is_loose=False), name="book_sums_are_added_up")
        ]
        indexes = [
            # Readers: the overview, the statement, what lies at deposit addresses.
            models.Index(fields=["merchant", "mode", "booked_on"], name="book_sums_by_day"),
            # Reader: whoever adds them up.
            models.Index(fields=["id"], name="book_sums_loose", condition=Q(is_loose=True)),
        ]

    def __str__(self) -> str:
        return f"{self.lines} {self.kind} on {self.booked_on}"


class Untold(models.TextChoices):
    """Why the chain does not say what lay at addresses when a month ended."""

    NO_HISTORY = "no_history", "the network's nodes keep no history so far back"
    TOO_MANY = "too_many", "too many addresses held some of it to ask for each of them"


class MonthEndBalance(models.Model):
    """What the chain held of one asset at a business's deposit addresses, in the last block of a closed month.

    Asked once, when somebody wants to know, and kept; anew only what could not be told.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    month = models.DateField(help_text="Its first day.")
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    amount_units = models.DecimalField(max_digits=78, decimal_places=0, null=True, help_text="Null: nobody can tell.")
    untold = models.CharField(max_length=10, choices=Untold.choices, blank=True, help_text="Why there is none.")
    block_number = models.BigIntegerField()
    block_time = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "month", "network", "asset"], name="month_ends_are_kept_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_units__isnull=False, untold="") | (Q(amount_units=None) & ~Q(untold="")),
                name="month_ends_are_told_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} on {self.network} at the end of {self.month:%Y-%m}"


class UnbookedFee(models.Model):
    """A transaction that the business paid for: what it cost is asked of the network, then booked, and this is gone."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    network = models.CharField(max_length=32)
    tx_hash = models.CharField(max_length=66)
    at = models.DateTimeField(help_text="When it was learned of.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "tx_hash", "merchant", "mode"], name="fees_are_asked_for_once")
        ]

    def __str__(self) -> str:
        return f"{self.network} {self.tx_hash}"


class BooksPosition(models.Model):
    """Since when books are kept, and how much of what had happened before is in them by now. One row."""

    began_at = models.DateTimeField()
    payments_upto = models.BigIntegerField(default=0, help_text="The last payment's key that was looked at.")
    refunds_upto = models.BigIntegerField(default=0)
    decisions_upto = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "books position"

    def __str__(self) -> str:
        return f"since {self.began_at:%Y-%m-%d %H:%M}"
