"""Messages out: who wants them, what happened, what is to be sent, and every try.

Events, deliveries and attempts are tables in chunks (`common/postgresql/chunks.py`), deliveries by their event. Keys
that do not hold the number they are chunked by are unique within a chunk: those are random ids, and the numbers of a
subject's events, which are given under the subject's lock.
"""

from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from common.api.exact_json import ExactDecoder, ExactEncoder
from common.modes import Mode
from common.public_ids import new_delivery_id, new_endpoint_id, new_event_id
from merchants_app.models import Merchant
from webhooks_app.clock import ClockTimestamp
from webhooks_app.event_types import EventType

# What nearly every session has.
USUAL_TYPES = [
    EventType.CHECKOUT_CREATED.value,
    EventType.CHECKOUT_PROCESSING.value,
    EventType.CHECKOUT_COMPLETED.value,
    EventType.CHECKOUT_EXPIRED.value,
]


class WebhookEndpoint(models.Model):
    """A URL of a merchant that wants events of one mode."""

    public_id = models.CharField(max_length=40, unique=True, default=new_endpoint_id, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="webhook_endpoints")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    url = models.URLField(max_length=2000)
    client_key = models.CharField(
        max_length=80, blank=True, default="", db_default="", editable=False, help_text="A shop's own name for it."
    )
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Empty: all events.")
    headers_encrypted = models.TextField(blank=True, editable=False, help_text="Custom headers as JSON, encrypted.")
    secret_encrypted = models.TextField(editable=False)
    previous_secret_encrypted = models.TextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False, help_text="First failure since the last success.")
    warned_at = models.DateTimeField(null=True, editable=False, help_text="When the merchant was mailed about it.")
    last_success_at = models.DateTimeField(null=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    catching_up_since = models.DateTimeField(
        null=True, editable=False, help_text="Switched on; what failed for good since then is still to be sent again."
    )
    letter_due = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False, help_text="Which one its owners must get."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "mode", "client_key"],
                condition=~models.Q(client_key="") & models.Q(deleted_at=None),
                name="one_endpoint_per_client_key",
            )
        ]
        indexes = [
            # Reader: outbox, which asks at every event who wants it.
            models.Index(
                fields=["merchant", "mode"],
                name="endpoints_that_listen",
                condition=models.Q(deleted_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """What it is called by for short."""
        return urlsplit(self.url).hostname or self.url


class Event(models.Model):
    """A numbered fact about a subject (a checkout session), with a full snapshot, written with its change."""

    id: int
    public_id = models.CharField(max_length=40, default=new_event_id, editable=False)
    # Without a constraint in the database: what the event is about is written with it and has one. A second would lock
    # the merchant's row once more, which all events of a shop share.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    type = models.CharField(max_length=40)
    subject = models.CharField(max_length=40, help_text="Public id of what it is about.")
    subject_sequence = models.IntegerField(help_text="The subject's running number, from 1 without a gap.")
    data = models.JSONField(
        encoder=ExactEncoder,
        decoder=ExactDecoder,
        help_text="The subject as the API shows it, at that moment.",
    )
    # Ids are handed out before the commit, so a smaller one may appear after a larger one: a reader that catches up
    # by id would miss it. Readers therefore stop where a transaction still runs that began earlier (`queries.settled`).
    written_at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "subject_sequence"], name="events_of_a_subject_are_numbered"),
            # Not `unique=True`, which on text brings a second index that nobody reads. These tables grow.
            models.UniqueConstraint(fields=["public_id"], name="event_ids_are_unique"),
        ]
        indexes = [
            # Reader: GET /api/v1/events?after= and the dashboard's list.
            models.Index(fields=["merchant", "mode", "id"], name="events_in_order"),
            # Reader: the dashboard's list of one type. The usual types are found quickly in the order above, and cost
            # nothing here.
            models.Index(
                fields=["merchant", "mode", "type", "id"],
                name="events_of_rare_types",
                condition=~models.Q(type__in=USUAL_TYPES),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.subject}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", "Waiting"
    SUCCEEDED = "succeeded", "Delivered"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """One event to one endpoint. The table is the queue: pending rows whose time has come are due."""

    public_id = models.CharField(max_length=40, default=new_delivery_id, editable=False)
    # Their own indexes would repeat the beginning of those below, and every attempt writes to each index. A constraint
    # would have each chunk of events that is dropped compared with all deliveries; they are written from the event.
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts_made = models.SmallIntegerField(default=0, help_text="Tries since it was last (re)sent.")
    next_attempt_at = models.DateTimeField(
        null=True,
        help_text="Due from then on; a lease pushes it ahead, so a killed worker gives its work back.",
    )
    leased = models.BooleanField(db_default=False, help_text="Until its next attempt's time: it is on its way.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("resend_delivery", "Can send deliveries and events again")]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="one_delivery_per_event_and_endpoint"),
            models.UniqueConstraint(fields=["public_id"], name="delivery_ids_are_unique"),
        ]
        indexes = [
            # Reader: the sender's claim, endpoint by endpoint, so that a long queue of one hides no other.
            # Only the waiting rows are in it, so a million old ones cost nothing.
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                name="deliveries_due_by_endpoint",
                condition=models.Q(state="pending"),
            ),
            # Reader: whoever sends again what failed. Few rows are in it.
            models.Index(fields=["endpoint", "id"], name="deliveries_that_failed", condition=models.Q(state="failed")),
            # Reader: an endpoint's health, which looks past a backlog of what was never tried.
            models.Index(
                fields=["endpoint", "-id"],
                name="deliveries_that_were_tried",
                condition=models.Q(attempts_made__gt=0),
            ),
            # Reader: an endpoint's page, newest first.
            models.Index(fields=["endpoint", "-id"], name="deliveries_of_an_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}"

    @property
    def is_on_its_way(self) -> bool:
        """A sender has it; `next_attempt_at` then is when another would take it over."""
        return self.leased and self.next_attempt_at is not None and self.next_attempt_at > timezone.now()


class DeliveryAttempt(models.Model):
    """One HTTP try: what came back, how long it took, and in a word what went wrong."""

    # Without a constraint: chunks of deliveries are dropped. It is written from the delivery's row, which is locked.
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts", db_constraint=False)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, help_text="Null: no HTTP answer came.")
    problem = models.CharField(
        max_length=40, blank=True, help_text="A stable word for what went wrong; empty: success."
    )
    detail = models.CharField(max_length=300, blank=True, help_text="What the network or the answer said.")
    answer_excerpt = models.TextField(blank=True, help_text="The first KB of the answer's body.")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.status_code or self.problem}"
