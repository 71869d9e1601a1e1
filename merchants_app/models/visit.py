"""When an operator looked at a business from inside."""

from django.db import models

from merchants_app.models.account import Merchant, User


class OperatorVisit(models.Model):
    """An operator who looks at a dashboard in a member's place: for half an hour at most, changing nothing."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="visits")
    operator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    shown_as = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", help_text="The member.")
    reason = models.CharField(max_length=500)
    began_at = models.DateTimeField()
    until = models.DateTimeField(help_text="It is over then, whoever forgets to leave.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Reader: the job that ends those whose time is over.
            models.Index(fields=["until"], name="visits_going_on", condition=models.Q(ended_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["operator"], condition=models.Q(ended_at=None), name="one_visit_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.operator} at {self.merchant}"
