"""The installation itself: where its database belongs, and whether anything is sent from it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Installation(models.Model):
    """One row, written when a process starts. A copy of the database carries the original's: so it is known for one."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    place = models.CharField(max_length=80, help_text="PostgreSQL's own numbers of its server and of this database.")
    host = models.CharField(max_length=255, blank=True, help_text="That of PUBLIC_URL; empty: this machine only.")
    version = models.CharField(max_length=40, help_text="Of the Tallystick that started last.")
    keys = ArrayField(
        models.CharField(max_length=16), help_text="Fingerprints of the ENCRYPTION_KEYS, the first encrypts."
    )
    held_since = models.DateTimeField(null=True, help_text="Nothing is sent since then; null: all leaves.")
    held_because = models.CharField(max_length=200, blank=True)
    not_reused = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Deposit contracts up to this number serve no further session: the database went back in time, and "
        "whom they were given to since is not known.",
    )

    class Meta:
        verbose_name_plural = "installation"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return self.host or "this machine"
