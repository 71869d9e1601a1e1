"""The counts that stand behind items of the dashboard's menu."""

from django import template

from merchants_app.access import Access
from sessions_app.models import CheckoutSession

register = template.Library()


@register.simple_tag
def decisions_waiting(access: Access) -> int:
    """How many sessions somebody must decide on (the partial index `sessions_to_decide` answers it)."""
    return CheckoutSession.objects.filter(merchant=access.merchant, mode=access.mode, needs_decision=True).count()
