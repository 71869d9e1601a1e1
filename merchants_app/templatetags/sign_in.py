"""What the pages about signing in say: devices by name, who lacks a second factor, whether passkeys can work here."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django import template
from django.conf import settings

from merchants_app.models import Merchant
from merchants_app.sign_in import devices, second_factor

register = template.Library()


@register.filter
def browser(user_agent: str) -> str:
    """`Chrome on Linux`."""
    return devices.browser_name(user_agent)


@register.simple_tag
def without_second_factor(merchant: Merchant) -> list[str]:
    """Addresses of the members who have none."""
    return second_factor.without_second_factor(merchant)


@register.simple_tag
def why_no_passkeys() -> str:
    """Why browsers make no passkeys for PUBLIC_URL; empty where they do: a name, by https or on this machine."""
    url = urlsplit(settings.PUBLIC_URL)
    host = url.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if url.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
            return ""
        return f"Browsers make passkeys for addresses with https only, and this is {settings.PUBLIC_URL}."
    return f"Browsers make passkeys for names only, and this is {settings.PUBLIC_URL}."


@register.simple_tag
def public_url() -> str:
    """Where passkeys belong to."""
    return str(settings.PUBLIC_URL)
