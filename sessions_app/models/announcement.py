"""What a buyer says they have sent, before the chain shows it."""

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q

from sessions_app.models.session import CheckoutSession

# In place of a hash: a wallet sends it, and knows none yet. Smart wallets tell it only once the chain has the payment.
BY_WALLET = "wallet"


class Fate(models.TextChoices):
    """What became of the transaction: by the word of the network's nodes, but for two."""

    TAKEN_BACK = "taken_back", "undone, by the word of the buyer's wallet: the nodes may say otherwise"
    SET_ASIDE = "set_aside", "another one of its sender's has its place, by the word of the buyer's wallet"
    UNKNOWN = "unknown", "no node knows it"
    WAITING = "waiting", "in no block that counts yet"
    DONE = "done", "in a block for good: what it paid is seen as any payment"
    REVERTED = "reverted", "in a block for good, and undone: it paid nothing"
    REPLACED = "replaced", "another one of its sender's has its place"


# The nodes' last word: nobody asks them again, and no wallet is believed against it.
FOR_GOOD = frozenset({Fate.DONE, Fate.REVERTED, Fate.REPLACED})
# It can never pay any more. What replaced it can, and was seen before that was known.
NEVER_PAYS = frozenset({Fate.REVERTED, Fate.REPLACED})
# The nodes' word while they may still say otherwise.
_WAIT_STILL = frozenset({None, Fate.UNKNOWN, Fate.WAITING})
# Sped up or cancelled: its buyer alone knows.
REPLACED = frozenset({Fate.REPLACED, Fate.SET_ASIDE})
# Its buyer is asked for the same money again. Not of one replaced.
ASKED_FOR_AGAIN = frozenset({Fate.REVERTED, Fate.TAKEN_BACK})


def has_become(fates: Collection[Fate]) -> Q:
    """Of announcements: it has one of these fates."""
    return Q(fate_of=F("tx_hash"), fate__in=fates)


class Announcement(models.Model):
    """The last payment that the buyer's page was told of. Nobody's proof: no rule of money looks at it. The page does,
    so that it says "sent" instead of asking for the same money a second time; and the clock, which ends no session of a
    paid order that something may be on its way to.

    Its fate, sender and nonce are those of `fate_of`, and nothing while that is another hash than the one told last:
    whoever tells need not know of them. So it is with `set_aside`."""

    session = models.OneToOneField(
        CheckoutSession, on_delete=models.CASCADE, primary_key=True, related_name="announcement"
    )
    network = models.CharField(max_length=32, help_text="Where it was sent: that of the quote then in force.")
    amount = models.CharField(max_length=120, help_text="What was asked for, as the page wrote it.")
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Empty: an exchange sends it; only it knows.")
    at = models.DateTimeField()
    fate = models.CharField(
        max_length=10,
        # The version before knows no such word and reads this column beside us: `set_aside` has it.
        choices=[(each.value, each.label) for each in Fate if each != Fate.SET_ASIDE],
        blank=True,
        db_default="",
        help_text="Empty: nobody has asked the network yet.",
    )
    fate_of = models.CharField(max_length=66, blank=True, db_default="", help_text="The hash that the fate is of.")
    sender = models.CharField(max_length=42, blank=True, db_default="", help_text="Whose it is, once a node has told.")
    nonce = models.BigIntegerField(null=True, help_text="The sender's number of it: another one may take its place.")
    set_aside = models.CharField(
        max_length=66,
        blank=True,
        db_default="",
        help_text="The hash that its wallet says another one has the place of.",
    )

    class Meta:
        indexes = [
            # `watching/announced.py` alone: those that the network is asked about. A week's that were paid as usual are
            # not among them.
            models.Index(
                fields=["network", "at"],
                name="announcements_asked_about",
                condition=~Q(fate_of=F("tx_hash"), fate__in=sorted(fate.value for fate in FOR_GOOD)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.network}: {self.tx_hash or 'by an exchange'}"

    @property
    def known_hash(self) -> str:
        """The transaction's; empty while nobody has told it."""
        return "" if self.tx_hash == BY_WALLET else self.tx_hash

    @property
    def known_fate(self) -> Fate | None:
        """What became of it; None while that is not known, or is in the words of a later version.

        Wallets look at blocks that do not count yet: until the nodes know for good, theirs is what is so.
        """
        fate = Fate(self.fate) if self.fate in Fate.values and self.fate_of == self.tx_hash else None
        is_set_aside = bool(self.tx_hash) and self.set_aside == self.tx_hash
        return Fate.SET_ASIDE if is_set_aside and fate in _WAIT_STILL else fate

    @property
    def waits(self) -> bool:
        """Whether the network's nodes have it and wait to take it up, whatever its wallet says."""
        return self.fate_of == self.tx_hash and self.fate == Fate.WAITING

    @property
    def place(self) -> tuple[str, int | None]:
        """Its sender and the number among theirs, which another one may take; `("", None)` while no node has told."""
        return (self.sender, self.nonce) if self.fate_of == self.tx_hash else ("", None)

    @property
    def by_exchange(self) -> bool:
        """Whether an exchange sends it, and no wallet of the buyer's."""
        return not self.tx_hash
