"""An event's body as a page shows it: whoever may not act on sessions is not shown by which address a buyer does."""

from common.api.exact_json import pretty
from merchants_app.frame.access import Access, Power
from webhooks_app.answers import Event
from webhooks_app.events.bodies import ADDRESSES, masked


def body_for(access: Access, event: Event) -> str:
    """In lines."""
    return pretty(event if access.may(Power.HANDLE_SESSIONS) else masked(event.model_dump(), ADDRESSES))
