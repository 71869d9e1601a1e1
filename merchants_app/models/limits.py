"""What an operator allows one business, where that is another than for everybody."""

from django.db import models


class OwnLimits(models.Model):
    """Columns of a business that operators set (`businesses/limits.py`); null: as for everybody."""

    calls_a_minute = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text="API calls in a minute by all its keys together; null: RATE_LIMIT_PER_KEY, by each.",
    )
    letters_a_day = models.PositiveIntegerField(
        null=True, editable=False, help_text="Letters in 24 hours that ask its buyers to pay; null: 100."
    )

    class Meta:
        abstract = True
