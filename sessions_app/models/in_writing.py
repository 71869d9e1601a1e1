"""What buyers get in writing: letters, receipts, and the keys that these are signed with."""

from hashlib import sha256

from django.db import models
from django.db.models import Q

from sessions_app.models.session import CheckoutSession
from sessions_app.status import LetterKind, LetterOutcome


def receipt_token(page_token: str) -> str:
    """The secret in a receipt's address. Made of the page's, which nobody finds by it: a receipt is shown to others."""
    return f"rc_{sha256(f'receipt:{page_token}'.encode()).hexdigest()[:32]}"


class ReceiptKey(models.Model):
    """An Ed25519 key of this installation. The newest signs; what a former one signed is still checked with it."""

    kid = models.CharField(max_length=64, unique=True, help_text="The key's thumbprint (RFC 7638).")
    public = models.CharField(max_length=64, help_text="The public half, as a JSON Web Key has it.")
    private = models.TextField(help_text="The private half, encrypted.")
    created_at = models.DateTimeField()
    signs = models.BooleanField(default=True, help_text="A former one is kept to check by.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["signs"], condition=Q(signs=True), name="one_receipt_key_signs")]

    def __str__(self) -> str:
        return self.kid


class Receipt(models.Model):
    """What was paid for a session, signed. It holds nothing of the buyer, so it stays true when they are erased.

    The row is written with the change that completes the session; it is signed a moment later, and never again.
    """

    session = models.OneToOneField(CheckoutSession, on_delete=models.PROTECT, primary_key=True, related_name="receipt")
    token = models.CharField(max_length=40, help_text="The secret in its address.")
    signed = models.TextField(blank=True, help_text="A JSON Web Signature, compact. Empty: not yet.")
    issued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token"], name="receipt_tokens_are_unique"),
            models.CheckConstraint(
                condition=Q(signed="", issued_at=None) | (~Q(signed="") & Q(issued_at__isnull=False)),
                name="issued_receipts_are_signed",
            ),
        ]
        indexes = [
            # Reader: the job that signs them.
            models.Index(fields=["session"], name="receipts_to_sign", condition=Q(signed="")),
        ]

    def __str__(self) -> str:
        return f"of session {self.session_id}"  # what names it elsewhere must not open it


class Letter(models.Model):
    """A letter that is owed to a buyer: written with the change that it tells of, sent after it.

    It holds nothing of the buyer: what it says, and to whom, is looked up when it is sent.
    `owed/letters.py` writes it, at most once for each thing that happened; `letters/sending.py` sends it.
    """

    session = models.ForeignKey(CheckoutSession, on_delete=models.CASCADE, related_name="letters", db_index=False)
    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    about = models.CharField(max_length=40, blank=True, help_text="The refund that it is about, by its public id.")
    round = models.PositiveSmallIntegerField(
        default=0, help_text="How often the chain had taken back what it tells of; of addresses: how often told before."
    )
    owed_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="The next try to send it.")
    tries = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=LetterOutcome.choices, blank=True, help_text="Empty: it waits.")
    settled_at = models.DateTimeField(null=True, help_text="Since when it has its outcome.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "kind", "about", "round"], name="letters_are_owed_once"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at=None) | (~Q(outcome="") & Q(settled_at__isnull=False)),
                name="settled_letters_have_an_outcome",
            ),
        ]
        indexes = [
            # Reader: the job that sends them.
            models.Index(fields=["due_at"], name="letters_that_wait", condition=Q(outcome="")),
            # Reader: how many a business has asked to pay today.
            models.Index(fields=["owed_at"], name="letters_asking_to_pay", condition=Q(kind=LetterKind.ASKED_TO_PAY)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.session}"
