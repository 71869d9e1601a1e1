"""Facts inside the sentences of buyers' pages."""

from django import template
from django.utils.safestring import SafeString

from sessions_app import sentences

register = template.Library()


@register.filter
def kept(fact: object) -> SafeString:
    """A name for `{% blocktranslate %}`, which no translating browser changes: `network=due.network|kept`."""
    return sentences.kept(fact).__html__()
