"""What buyers' pages have of their own: facts inside sentences, the languages to choose among, whom they tell."""

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils.safestring import SafeString

from common.network.content_security import framers_of
from common.network.languages import on_offer_at
from sessions_app import sentences

register = template.Library()


@register.filter
def kept(fact: object) -> SafeString:
    """A name for `{% blocktranslate %}`, which no translating browser changes: `network=due.network|kept`."""
    return sentences.kept(fact).__html__()


@register.simple_tag(takes_context=True)
def languages_on_offer(context: Context) -> list[str]:
    """What the page can be read in: what its shop offers, or the shop whose page failed before this one."""
    order = context.get("order")
    return order.languages if order else on_offer_at(context.get("request"))


@register.simple_tag
def shops_around(request: HttpRequest) -> str:
    """The origins whose pages may show this one in a frame, and are told how it goes."""
    return " ".join(framers_of(request))
