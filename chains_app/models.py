"""What is kept of chains: how far they were read, what made no sense, rates, and the sandbox's own chain."""

from django.db import models
from django.db.models import Q


class ScanCursor(models.Model):
    """How far a network has been read. Written in the transaction that stores what was read."""

    network = models.CharField(max_length=32, primary_key=True)
    block_number = models.BigIntegerField(help_text="The last block read.")
    block_hash = models.CharField(max_length=66, blank=True, help_text="Empty while nothing was read yet.")
    collections_read = models.BigIntegerField(
        null=True, help_text="The last block whose collections of deposits are marked; null before the first look."
    )
    collections_doubted = models.BigIntegerField(
        null=True, help_text="Collections from this block on were marked, and the block was replaced since."
    )
    found_late = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="How often payments were found in blocks whose collections may have been asked for.",
    )
    refunds_read = models.BigIntegerField(
        null=True, help_text="The last block in which refunds were looked for; null before the first look."
    )
    read_twice = models.BigIntegerField(
        null=True, help_text="The last block that was read a second time; null before the first."
    )
    read_thrice = models.BigIntegerField(null=True, help_text="The same, some minutes later once more.")
    head = models.BigIntegerField(default=0, help_text="The chain's newest block when last asked.")
    head_at = models.DateTimeField(
        null=True, help_text="The time of that block, as it says itself; null: by a scan that did not keep it."
    )
    scanned_at = models.DateTimeField(null=True, help_text="When a scan last ended well.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why the last scan failed; empty when it did not.")
    clock = models.CharField(
        max_length=6,
        blank=True,
        default="",
        db_default="",
        help_text="ahead or behind, where each node that failed then seems to find our clock so.",
    )
    unread_since = models.DateTimeField(
        null=True, help_text="When the first of the scans failed that have all failed since; null while it is read."
    )

    closed_since = models.DateTimeField(
        null=True,
        help_text="Since when an operator has nothing new paid there, and it is only read; null: it is offered.",
    )

    set_aside: int  # of its network, where a query was asked for it (`reading/set_aside.py`)

    def __str__(self) -> str:
        return f"{self.network} at {self.block_number}"


class Provider(models.Model):
    """What is known of one node of a network: how much it takes at once, how it did, how far it is to be believed.

    Named by its host and a keyed hash of its URL: the rest of that may be a secret, and is stored nowhere.
    """

    network = models.CharField(max_length=32)
    key = models.CharField(max_length=64, help_text="A keyed hash of its URL.")
    host = models.CharField(max_length=255)
    largest_batch = models.PositiveIntegerField(null=True, help_text="Calls in one request that it takes.")
    widest_span = models.PositiveIntegerField(null=True, help_text="Blocks that it lists logs of at once.")
    most_addresses = models.PositiveIntegerField(null=True, help_text="Addresses that it takes in one filter of logs.")
    calls_a_second = models.FloatField(null=True, help_text="Calls that it takes in a second; null: as many as come.")
    differences = models.PositiveIntegerField(
        default=0,
        help_text="How often its answers proved wrong; for an hour after that others are asked first.",
    )
    differed_at = models.DateTimeField(null=True, help_text="When they last did.")
    problem = models.CharField(max_length=300, blank=True, help_text="What was wrong when it last failed.")
    failed_at = models.DateTimeField(null=True, help_text="When it last failed.")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "key"], name="one_row_per_provider")]

    def __str__(self) -> str:
        return f"{self.network}: {self.host}"


class ScannedBlock(models.Model):
    """Hash of a block once read: a checkpoint by which a replaced branch is noticed and its beginning found."""

    network = models.CharField(max_length=32)
    number = models.BigIntegerField()
    hash = models.CharField(max_length=66)
    read_by = models.CharField(
        max_length=64, blank=True, help_text="The provider that told what is in the blocks up to this one, by its key."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["network", "number"], name="one_hash_per_scanned_block")]

    def __str__(self) -> str:
        return f"{self.network} {self.number}"


class SetAside(models.Model):
    """Something that nodes said and that makes no sense, though it may be about money. Asked for again until it does.

    It never holds up what else is in its blocks.
    """

    network = models.CharField(max_length=32)
    what = models.CharField(max_length=20, help_text="What makes no sense: a log, a receipt, a balance.")
    place = models.CharField(max_length=160, help_text="Where it is on its network.")
    first_block = models.BigIntegerField()
    last_block = models.BigIntegerField()
    address = models.CharField(max_length=42, blank=True, help_text="Whom it may have paid; empty: nobody can say.")
    why = models.CharField(max_length=300)
    tries = models.PositiveIntegerField(default=0, help_text="How often it was asked for again.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text="When it was last met or asked for.")
    try_at = models.DateTimeField(help_text="When it is asked for again.")
    settled_at = models.DateTimeField(
        null=True, help_text="When it could be read. What it was counts by the same rules as everything else."
    )

    class Meta:
        verbose_name_plural = "set aside"
        constraints = [models.UniqueConstraint(fields=["network", "what", "place"], name="one_row_per_thing_set_aside")]
        indexes = [
            # Reader: what is due to be asked for again.
            models.Index(fields=["network", "try_at"], name="set_aside_and_due", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.network}: {self.what} {self.place}"


class SandboxBlock(models.Model):
    """A block of the play chain that test mode runs on when there is no node."""

    number = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=66)
    mined_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sandbox {self.number}"


class SandboxTransfer(models.Model):
    """A transfer on the play chain. Without a block it waits to be mined."""

    block = models.ForeignKey(SandboxBlock, null=True, on_delete=models.CASCADE, related_name="transfers")
    sent_at = models.DateTimeField()
    mine_at = models.DateTimeField(null=True, help_text="Mined in the first block from then on; null: never mined.")
    drop_at = models.DateTimeField(
        null=True, help_text="Gone from then on: out of the waiting room, or off the chain by a reorg."
    )
    tx_hash = models.CharField(max_length=66)
    log_index = models.IntegerField(default=-1)
    contract = models.CharField(
        max_length=42, blank=True, help_text="The token's contract; empty for the native asset."
    )
    sender = models.CharField(max_length=42)
    recipient = models.CharField(max_length=42, db_index=True)
    amount_units = models.DecimalField(max_digits=78, decimal_places=0)
    lane = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Whose play it is: a reorganisation moves nobody else's."
    )
    block_hash = models.CharField(
        max_length=66, blank=True, db_default="", help_text="Its block's, as its lane has it; empty: the block's own."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tx_hash", "log_index"], name="one_sandbox_transfer")]

    def __str__(self) -> str:
        return self.tx_hash


class RateSheet(models.Model):
    """What the sources of rates said at one moment. The newest is the shared cache; older ones price late arrivals.

    Every value is kept as the source gave it; what a pair costs is decided when asked, by `rates/rules.py`.
    """

    taken_at = models.DateTimeField(db_index=True)
    readings = models.JSONField(help_text="[{source, pair, value, at}], at most 5 minutes old when taken.")
    anchors = models.JSONField(help_text="By pair, {value, at}: the last price known to be right.")
    problems = models.JSONField(help_text="By source, what went wrong; empty when nothing did.")

    class Meta:
        get_latest_by = "taken_at"

    def __str__(self) -> str:
        return f"rates of {self.taken_at:%Y-%m-%d %H:%M:%S}"
