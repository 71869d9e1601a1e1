"""`response.context` is that of the page alone. Django's client copies the one of each template that is rendered, each
icon and each field of a form too: hundreds a page.
"""

from typing import Any

from django.core.signals import request_started
from django.dispatch import Signal
from django.test import signals

_rendered, _passed_on = signals.template_rendered, Signal()
_seen = False


def pytest_configure() -> None:
    """Clients are told of what is rendered first, which is the page."""
    signals.template_rendered = _passed_on
    request_started.connect(_begin)
    _rendered.connect(_pass_on)


def _begin(**_sent: Any) -> None:
    global _seen
    _seen = False


def _pass_on(sender: Any, template: Any, context: Any, **_sent: Any) -> None:
    global _seen
    if not _seen:
        _seen = True
        _passed_on.send(sender=sender, template=template, context=context)
