"""A list as somebody keeps it: its filters under a name."""

from django.db import models

from common.modes import Mode
from merchants_app.models import Member


class ViewOf(models.TextChoices):
    """Which list."""

    SESSIONS = "sessions", "Sessions"
    PAYMENTS = "payments", "Payments"


class SavedView(models.Model):
    """Filters of a list that a member keeps for themselves; they go with their membership."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="views", db_index=False)
    mode = models.CharField(max_length=4, choices=Mode.choices)
    of = models.CharField(max_length=10, choices=ViewOf.choices)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True, help_text="What stands behind the ? of the list's address.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "mode", "of", "name"], name="views_have_names_of_their_own")
        ]

    def __str__(self) -> str:
        return self.name
