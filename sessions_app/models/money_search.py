"""Somebody asked to look for a session's money again; what came of it."""

from django.db import models
from django.db.models import Q

from sessions_app.models.session import CheckoutSession


class MoneySearch(models.Model):
    """Waits to be done, or is done. Whether anything may come to the address any more makes no difference."""

    session = models.ForeignKey(CheckoutSession, on_delete=models.PROTECT, related_name="searches")
    actor = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    found = models.PositiveIntegerField(default=0, help_text="Payments that nobody had seen.")
    said = models.CharField(max_length=1000, blank=True, help_text="What came of it, network by network.")

    class Meta:
        verbose_name_plural = "money searches"
        constraints = [
            # It is also how the worker finds those that wait.
            models.UniqueConstraint(fields=["session"], condition=Q(done_at=None), name="one_search_waits_per_session"),
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.asked_at:%Y-%m-%d %H:%M}"
