"""What shops' servers asked of the API lately: for the developer who wonders what they sent."""

from django.db import models

from common.modes import Mode
from merchants_app.models.account import Merchant
from merchants_app.models.api import ApiKey


class LoggedRequest(models.Model):
    """One request made with a valid key, and how it was answered. Kept 7 days. Holds no body and no query.

    A table in chunks (`common/postgresql/chunks.py`).
    """

    # Without constraints in the database: lines are written in bulk, later, and a key that went meanwhile must not
    # cost the lines of the others.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    mode = models.CharField(max_length=4, choices=Mode.choices)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    request_id = models.CharField(max_length=64)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200)
    status_code = models.PositiveSmallIntegerField()
    duration_ms = models.DecimalField(max_digits=9, decimal_places=1)
    error_code = models.CharField(max_length=60, blank=True, help_text="The first error's code; empty: none.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            # Reader: the dashboard's Requests page, newest first.
            models.Index(fields=["merchant", "mode", "-id"], name="requests_newest_first"),
            # Reader: the same for one key.
            models.Index(fields=["key", "-id"], name="requests_of_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} → {self.status_code}"
