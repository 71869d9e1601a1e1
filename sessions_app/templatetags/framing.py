"""Whom a buyer's page tells how it goes, in a frame."""

from django import template
from django.http import HttpRequest

from common.network.content_security import framers_of

register = template.Library()


@register.simple_tag
def shops_around(request: HttpRequest) -> str:
    """The origins whose pages may show it."""
    return " ".join(framers_of(request))
