"""The checkout session and its timeline."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from common.api.exact_json import ExactDecoder, ExactEncoder
from common.modes import Mode
from common.public_ids import new_page_token, new_session_id
from merchants_app.models import Merchant, Treasury, is_off
from sessions_app.models.customer import Customer
from sessions_app.models.payment_link import PaymentLink
from sessions_app.status import LIVE, Ended, Issue, PaymentStatus, Status

# Nobody else of its merchant and mode may have its reference meanwhile. One that was ended and is paid late all the
# same must not stand in the way of its successor.
HOLDS_REFERENCE = Q(status__in=[each.value for each in LIVE], ended_by=None, reference__isnull=False)


class CheckoutSession(models.Model):
    """One thing to be paid. Its state (`status` … `needs_decision`) has one writer: lifecycle.

    Amounts of money are in `currency`, exact to its minor unit. What the merchant's settings said when it was made is
    copied here, so that a changed setting never changes what a buyer was promised.
    """

    id: int
    public_id = models.CharField(max_length=40, default=new_session_id, editable=False)
    # The id goes back to the shop in `successUrl`, where scripts of others read it: it opens no page. This does, and
    # nobody has it but the buyer and the shop.
    page_token = models.CharField(
        max_length=40, default=new_page_token, editable=False, help_text="The secret in the buyer's page's address."
    )
    # A foreign key's own index is left out where one below begins with it, or where nobody reads it: each costs every
    # new session.
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    payment_link = models.ForeignKey(
        PaymentLink, on_delete=models.PROTECT, null=True, related_name="sessions", db_index=False
    )
    held_until = models.DateTimeField(
        null=True, help_text="While it is open and unpaid, it holds a piece of its link's stock until then."
    )
    treasury = models.ForeignKey(Treasury, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    success_url = models.CharField(max_length=2000)
    cancel_url = models.CharField(max_length=2000)
    email = models.EmailField(max_length=254, blank=True)
    name = models.CharField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict, encoder=ExactEncoder, decoder=ExactDecoder)
    product_id = models.CharField(max_length=500, blank=True)
    product_name = models.CharField(max_length=2000)
    product_description = models.CharField(max_length=10_000, blank=True)
    allowed_assets = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    reference = models.CharField(max_length=200, null=True)
    locale = models.CharField(max_length=16, blank=True)
    buyer_language = models.CharField(
        max_length=16, default="", db_default="", blank=True, editable=False, help_text="What the buyer chose to read."
    )
    allow_pay_again = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whether its buyer may pay again when it ended unpaid. Of a payment link's everybody may.",
    )
    # By id, not by key: each of the two is told of the other before both are written.
    supersedes = models.CharField(
        max_length=40, null=True, editable=False, help_text="The session of its reference that was ended for it."
    )
    superseded_by = models.CharField(
        max_length=40,
        null=True,
        editable=False,
        help_text="The session that it was ended for: money for it goes there.",
    )

    order_paid_by = models.CharField(
        max_length=40, null=True, editable=False, help_text="The session that paid for its reference already."
    )
    others_wait = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="It is paid, and the others of its reference are not told yet.",
    )

    tolerance_percent = models.DecimalField(max_digits=5, decimal_places=2)
    tolerance_amount = models.DecimalField(max_digits=10, decimal_places=2)
    spread_percent = models.DecimalField(max_digits=4, decimal_places=2)
    quote_minutes = models.PositiveSmallIntegerField(default=15, db_default=15)
    grace_minutes = models.PositiveSmallIntegerField(default=2, db_default=2)
    ways_off = ArrayField(models.CharField(max_length=80), default=list, db_default=[], blank=True)
    confirmations = models.JSONField(default=dict, db_default={}, blank=True)

    refund_address = models.CharField(max_length=42, blank=True, help_text="Where the buyer wants money back.")

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    payment_status = models.CharField(max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.UNPAID)
    issue = models.CharField(max_length=12, choices=Issue.choices, null=True)
    needs_decision = models.BooleanField(default=False)
    quote = models.ForeignKey(
        "sessions_app.Quote",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The one in force.",
    )
    event_count = models.IntegerField(default=0, help_text="The running number of its last event.")

    expires_at = models.DateTimeField()
    ended_by = models.CharField(max_length=9, choices=Ended.choices, null=True)
    ended_at = models.DateTimeField(null=True, help_text="When it was expired or cancelled; null while it runs.")
    watch_until = models.DateTimeField(help_text="Its address is watched until then.")
    opened_at = models.DateTimeField(null=True, editable=False, help_text="When its page was first looked at.")
    completed_at = models.DateTimeField(null=True)
    stands_still_since = models.DateTimeField(
        null=True, help_text="Its network cannot be read: its end has been moved for all of that up to this moment."
    )
    moved_by = models.DurationField(
        default=timedelta,
        db_default=timedelta(),
        help_text="How much its end was moved because its network could not be read.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    # What says who buys, and what operators call it. What shops put into the last three is theirs to choose.
    NAMES_BUYER: ClassVar = Customer.NAMES_BUYER | {
        "metadata": "Metadata", "success_url": "Back to the shop", "cancel_url": "Back without paying",
    }  # fmt: skip
    page_rows = ""  # no column: of a session that was read for its buyer's page, the versions of all its rows

    class Meta:
        permissions = [("end_checkoutsession", "Can end checkout sessions")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="session_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_at=None) | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="an_end_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(needs_decision=True, issue=None), name="what_needs_a_decision_is_an_issue"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.COMPLETED.value, completed_at=None), name="what_is_completed_says_since_when"
            ),
            # Not `unique=True`, which on text brings a second index that nobody reads.
            models.UniqueConstraint(fields=["public_id"], name="session_ids_are_unique"),
            models.UniqueConstraint(fields=["page_token"], name="page_tokens_are_unique"),
            models.UniqueConstraint(
                fields=["merchant", "mode", "reference"],
                condition=HOLDS_REFERENCE,
                name="one_live_session_per_reference",
            ),
            models.UniqueConstraint(
                fields=["supersedes"], condition=Q(supersedes__isnull=False), name="one_successor_per_session"
            ),
        ]
        indexes = [
            # Reader: the list, newest first, of one merchant and mode (keyset on the id).
            models.Index(fields=["merchant", "mode", "-id"], name="sessions_newest_first"),
            # Reader: expiry.
            models.Index(fields=["expires_at"], name="sessions_due_to_expire", condition=Q(status="open")),
            # Reader: whose end moves while their network cannot be read.
            models.Index(
                fields=["stands_still_since"],
                name="sessions_standing_still",
                condition=Q(status="open", stands_still_since__isnull=False),
            ),
            # Reader: orders that are paid, and of which other sessions do not know.
            models.Index(fields=["id"], name="sessions_others_wait_for", condition=Q(others_wait=True)),
            # Reader: the decision queue.
            models.Index(
                fields=["merchant", "mode", "-id"],
                name="sessions_to_decide",
                condition=Q(needs_decision=True),
            ),
            # Readers: how many of a link are sold; how links do, which is told from this index alone.
            models.Index(
                fields=["payment_link", "-id"],
                include=["status", "amount", "completed_at"],
                name="sessions_by_link",
                condition=Q(payment_link__isnull=False),
            ),
            # Readers: the list's filter by e-mail address, what a customer paid.
            models.Index(fields=["customer", "-id"], name="sessions_of_a_customer"),
            # Readers: the list's other filters.
            models.Index(fields=["merchant", "mode", "status", "-id"], name="sessions_by_status"),
            models.Index(fields=["merchant", "mode", "reference"], name="sessions_by_reference"),
            models.Index(fields=["merchant", "mode", "product_id", "-id"], name="sessions_by_product"),
            # Reader too: the overview's way from created to paid, which is told from this index alone.
            models.Index(
                fields=["merchant", "mode", "created_at"],
                include=["opened_at", "quote", "completed_at"],
                name="sessions_on_their_way",
            ),
            models.Index(fields=["merchant", "mode", "amount", "id"], name="sessions_by_amount"),
            models.Index(
                fields=["merchant", "mode", "issue", "-id"],
                name="sessions_with_an_issue",
                condition=Q(issue__isnull=False),
            ),
            # Reader: the same, by `updatedAfter`: a shop that asks again and again for the few that changed since.
            models.Index(fields=["merchant", "mode", "updated_at"], name="sessions_by_change"),
            GinIndex(fields=["metadata"], name="sessions_by_metadata", opclasses=["jsonb_path_ops"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def wished_languages(self) -> tuple[str, str]:
        """What the buyer chose to read, then what the shop asked for; empty for nothing."""
        return self.buyer_language, self.locale

    @property
    def language(self) -> str:
        """What its buyer is written to in: what was wished for, if the business speaks it, else its own."""
        return self.merchant.speaks.nearest(*self.wished_languages)

    @property
    def was_opened(self) -> bool:
        """Whether its buyer is under way: who picked or paid is, though no opening was noted (an old session, a shop
        with a page of its own).
        """
        return any((self.opened_at, self.quote_id, self.completed_at))

    def takes(self, *, asset: str, network: str) -> bool:
        """Whether this asset on this network pays for it: the shop allowed it, and it was not switched off then."""
        is_allowed = not self.allowed_assets or asset in self.allowed_assets
        return is_allowed and not is_off(self.ways_off, asset=asset, network=network)


# An e-mail address among those who change sessions, of which most have none: shops' servers, buyers, time.
BY_PERSON = Q(actor__contains="@")


class StatusChange(models.Model):
    """One row of a session's timeline: what its state became, why, by whom. Written by lifecycle, never edited."""

    session = models.ForeignKey(CheckoutSession, on_delete=models.CASCADE, related_name="timeline")
    from_status = models.CharField(max_length=10, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=10, choices=Status.choices)
    payment_status = models.CharField(max_length=20, choices=PaymentStatus.choices)
    issue = models.CharField(max_length=12, choices=Issue.choices, null=True)
    needs_decision = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, help_text="A sentence a merchant can read.")
    actor = models.CharField(max_length=200, blank=True, help_text="Who, when a person or a key did it.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [
            # Reader: the admin's search for what somebody did.
            models.Index(fields=["actor", "-id"], name="status_changes_by_people", condition=BY_PERSON),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or '–'} → {self.to_status}: {self.reason}"
