"""The picture of a business, as its buyers' pages show it."""

from django.db import models
from django.db.models.lookups import LessThanOrEqual

from merchants_app.models.account import Merchant

# Bytes of a picture as it is kept.
LARGEST_LOGO = 100 * 1024


class Logo(models.Model):
    """A checked picture. Another one has another digest, and with it another address."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, primary_key=True, related_name="logo")
    digest = models.CharField(max_length=64, unique=True, help_text="Of the business and its picture.")
    png = models.BinaryField(help_text="As it was drawn anew here, at most 100 KB.")
    shown = models.BinaryField(default=b"", db_default=b"", help_text="A picture as small as pages show it.")
    shown_of = models.CharField(
        max_length=64,
        default="",
        db_default="",
        help_text="The digest of that picture; where it is another now, `shown` is drawn anew.",
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # What somebody sends is never kept as it came; a row that is larger did not go through `logos`.
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    models.Func("png", function="octet_length", output_field=models.IntegerField()), LARGEST_LOGO
                ),
                name="logos_are_small",
            )
        ]

    def __str__(self) -> str:
        return self.digest
