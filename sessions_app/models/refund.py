"""Money on its way back to a buyer: prepared here, signed in the merchant's own wallet, seen on the chain."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now, NullIf

from chains_app.reading.reader import FROM_INSIDE
from common.modes import Mode
from common.money import amount_text
from common.public_ids import new_refund_id
from merchants_app.models import Merchant
from sessions_app.models.session import CheckoutSession
from sessions_app.status import Issue, RefundKind, RefundRate, RefundStatus

# `Refund.sent_with`, for queries.
SENT_WITH = models.Case(models.When(log_index=FROM_INSIDE, then=NullIf("told_tx", "tx_hash")), default="tx_hash")
# `Refund.is_said_sent`, likewise.
SAID_SENT = ~models.Q(told_tx="") & models.Q(told_problem="")


class Refund(models.Model):
    """One transfer to the buyer. The server holds no key: it says what to sign, and notices when it has been done.

    Which transfer that is, `told_tx` says: the wallet's answer, or what a person typed or picked. Without it, or while
    it is nowhere, only a transfer from the business's own treasury is taken for it, and only if it can be for no other
    refund; whatever else has its amount and address is a `RefundCandidate`. `paying/refund_states.py` alone writes
    `status`.
    """

    public_id = models.CharField(max_length=40, unique=True, default=new_refund_id, editable=False)
    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="refunds")
    # The session's, as a payment has them: the database writes them, by a trigger of migration 0041.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False, help_text="Its session's."
    )
    mode = models.CharField(max_length=4, choices=Mode.choices, editable=False, help_text="Its session's.")
    kind = models.CharField(max_length=8, choices=RefundKind.choices)
    status = models.CharField(
        max_length=20, choices=RefundStatus.choices, default=RefundStatus.PREPARED, db_default=RefundStatus.PREPARED
    )
    rate_basis = models.CharField(max_length=8, choices=RefundRate.choices)
    network = models.CharField(max_length=32)
    asset = models.CharField(max_length=16)
    decimals = models.PositiveSmallIntegerField()
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)
    value = models.DecimalField(max_digits=120, decimal_places=18, help_text="In the session's currency, at `rate`.")
    rate = models.DecimalField(max_digits=38, decimal_places=18)
    to_address = models.CharField(
        max_length=42, blank=True, help_text="Where the buyer wants it; EIP-55 checksummed. Empty: not said yet."
    )
    reason = models.CharField(max_length=500, blank=True, db_default="", help_text="Why, for the buyer and the books.")
    notify_buyer = models.BooleanField(
        null=True, default=None, help_text="The buyer gets letters about it; null: those that the business has on."
    )
    issue = models.CharField(
        max_length=12, choices=Issue.choices, blank=True, help_text="What is settled when it is final; empty: nothing."
    )
    seen = ArrayField(
        models.CharField(max_length=60),
        default=list,
        help_text="The payments that it was about, as in Decision.",
    )
    actor = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())
    prepared_at = models.DateTimeField(null=True, help_text="When it could be signed; null: the address is not known.")
    prepared_block = models.BigIntegerField(
        null=True, help_text="The network's newest block then: what is below it was sent before."
    )
    withdrawn_at = models.DateTimeField(
        null=True, help_text="The merchant will not send it: it is no longer watched for."
    )
    told_tx = models.CharField(max_length=66, blank=True, db_default="", help_text="The transaction it is said to be.")
    told_problem = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why that one cannot be it, as a sentence."
    )
    tx_hash = models.CharField(max_length=66, blank=True)
    log_index = models.IntegerField(null=True)
    block_number = models.BigIntegerField(null=True)
    block_hash = models.CharField(max_length=66, blank=True)
    seen_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    is_beside_what_paid = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It was withdrawn when the order was paid, and seen all the same: it takes nothing from what paid.",
    )
    undone_at = models.DateTimeField(
        null=True, help_text="When the network took back what it had shown; null: it did not, or shows it again."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["network", "tx_hash", "log_index"],
                condition=~models.Q(tx_hash=""),
                name="one_refund_per_movement",
            ),
            models.CheckConstraint(condition=models.Q(amount_units__gt=0), name="refunds_are_above_zero"),
            models.CheckConstraint(
                condition=~models.Q(status__in=[RefundStatus.SEEN.value, RefundStatus.CONFIRMED.value], tx_hash=""),
                name="refunds_on_the_chain_have_a_place",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=[RefundStatus.PREPARED.value, RefundStatus.SEEN.value])
                | (~models.Q(to_address="") & models.Q(prepared_at__isnull=False)),
                name="refunds_to_be_signed_have_an_address",
            ),
        ]
        indexes = [
            # Reader: the list of a business's refunds.
            models.Index(fields=["merchant", "mode", "-id"], name="refunds_by_business"),
            # Reader: the same, of those that wait for somebody: few among all that were ever sent.
            models.Index(
                fields=["merchant", "mode", "-id"],
                name="refunds_not_yet_sent",
                condition=models.Q(status__in=[RefundStatus.WAITING_FOR_ADDRESS.value, RefundStatus.PREPARED.value]),
            ),
            # Reader: the watcher (`refunds_watched_for`), for what is still to be seen or confirmed.
            models.Index(
                fields=["network"],
                name="refunds_prepared_or_seen",
                condition=models.Q(status__in=[RefundStatus.PREPARED.value, RefundStatus.SEEN.value]),
            ),
            # Reader: the same, for those that were withdrawn though somebody had told their transaction.
            models.Index(
                fields=["network"],
                name="refunds_withdrawn_when_sent",
                condition=models.Q(status=RefundStatus.WITHDRAWN.value) & ~models.Q(told_tx=""),
            ),
            # Reader: the books, for which refunds a transaction is whose hash they do not have.
            models.Index(
                fields=["network", "told_tx"],
                name="refunds_from_inside",
                condition=models.Q(log_index=FROM_INSIDE),
            ),
        ]

    def __str__(self) -> str:
        return f"{amount_text(self.amount_units, self.decimals)} {self.asset} to {self.to_address}"

    @property
    def is_said_sent(self) -> bool:
        """Whether somebody named its transaction, and the chain has not shown that it is another."""
        return bool(self.told_tx and not self.told_problem)

    @property
    def sent_with(self) -> str:
        """The hash of the transaction that it is on the chain by; empty while nobody has said it.

        What a contract paid from inside has a made-up `tx_hash`, which may also be what was told.
        """
        if self.log_index != FROM_INSIDE:
            return self.tx_hash
        return "" if self.told_tx == self.tx_hash else self.told_tx


class RefundCandidate(models.Model):
    """A transfer of a refund's amount to its address, which anybody may have sent: a person says whether it is it."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    tx_hash = models.CharField(max_length=66)
    log_index = models.IntegerField()
    sender = models.CharField(max_length=42, blank=True)
    block_number = models.BigIntegerField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "tx_hash", "log_index"], name="candidates_are_listed_once")
        ]

    def __str__(self) -> str:
        return f"{self.tx_hash} from {self.sender}"
