"""What the guides say, for pages that say it too."""

from django import template

from checkout_project.guides.contents import guides

register = template.Library()


@register.filter
def error_meaning(code: str) -> str:
    """What docs/errors.md says of an error's code; empty when it says nothing."""
    parts = guides()["errors"].rendered.parts
    said = next((part.text for part in parts if code and part.anchor == code), "")
    return said.partition(" ")[2]  # behind the status
