"""The two worlds of the gateway: test and live. Every key, session, event, endpoint and treasury belongs to one."""

from django.db import models


class Mode(models.TextChoices):
    """Test money is play money; nothing of one mode is ever seen from the other."""

    TEST = "test", "Test"
    LIVE = "live", "Live"
