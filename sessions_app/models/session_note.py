"""What people of the business write down about a session, for each other."""

from django.db import models

from sessions_app.models.session import CheckoutSession

LONGEST_NOTE = 2000


class SessionNote(models.Model):
    """One note. The buyer never sees it on a page; it is theirs to be given and to be erased like all about them."""

    session = models.ForeignKey(CheckoutSession, on_delete=models.CASCADE, related_name="notes")
    author = models.CharField(max_length=200)
    text = models.CharField(max_length=LONGEST_NOTE)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.author}, {self.written_at:%Y-%m-%d %H:%M}"
