"""What an operator has switched off, for templates that say so."""

from django import template

from merchants_app.businesses.switches import is_on
from merchants_app.models import Feature

register = template.Library()


@register.simple_tag
def is_switched_on(feature: str) -> bool:
    """`{% is_switched_on "payment_links" as links_are_on %}`."""
    return is_on(Feature(feature))
