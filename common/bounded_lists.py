"""Lists in requests whose length is looked at first: thousands of wrong elements are one fault, not thousands."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class BoundedListField(serializers.ListField):
    """A list of at most `max_length` elements."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """The elements, each checked, unless there are too many of them."""
        most = self.max_length
        if most is not None and isinstance(data, list) and len(data) > most:
            raise ValidationError(f"At most {most} elements; this has {len(data)}.", code="max_length")
        checked: list[Any] = super().to_internal_value(data)
        return checked
