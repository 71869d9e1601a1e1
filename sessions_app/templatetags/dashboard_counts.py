"""The counts that stand behind items of the dashboard's menu."""

from django import template

from merchants_app.frame.access import Access
from sessions_app.scope import SessionScope

register = template.Library()


@register.simple_tag
def decisions_waiting(access: Access) -> int:
    """How many sessions somebody must decide on (the partial index `sessions_to_decide` answers it)."""
    return SessionScope.of(access).sessions().filter(needs_decision=True, pending_decision=None).count()
