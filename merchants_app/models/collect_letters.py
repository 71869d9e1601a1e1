"""What a member hears about money that is worth collecting."""

from django.db import models
from django.db.models import Q

from common.modes import Mode
from merchants_app.models.account import WRITTEN_TO, Member, WhenToWrite


class CollectLetters(models.Model):
    """When a member wants to be written to in a mode, and what they were told of."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="collect_letters")
    mode = models.CharField(max_length=4, choices=Mode.choices)
    wanted = models.CharField(
        max_length=8,
        choices=WhenToWrite.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: as their business says in live mode, and never in test mode.",
    )
    told = models.JSONField(
        default=dict, db_default={}, editable=False, help_text="When they were last told of what: by network and asset."
    )
    told_at = models.DateTimeField(null=True, editable=False, help_text="When the last letter left.")

    class Meta:
        verbose_name_plural = "collect letters"
        constraints = [models.UniqueConstraint(fields=["member", "mode"], name="one_wish_about_collecting_per_mode")]
        indexes = [
            # Reader: the job that writes when something is worth collecting.
            models.Index(fields=["member"], name="members_to_tell_of_worth", condition=Q(wanted__in=WRITTEN_TO)),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.mode}"
