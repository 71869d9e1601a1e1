"""The two worlds of the gateway: test and live. Every key, session, event, endpoint and treasury belongs to one."""

from django.db import models


class Mode(models.TextChoices):
    """Test money is play money; nothing of one mode is ever seen from the other."""

    TEST = "test", "Test"
    LIVE = "live", "Live"


class ModeConverter:
    """`<mode:mode>` in a URL pattern: `test` or `live`, anything else is no such page."""

    regex = "test|live"

    def to_python(self, value: str) -> Mode:
        """The mode of a URL."""
        return Mode(value)

    def to_url(self, value: str) -> str:
        """The word in the URL."""
        return Mode(value).value
