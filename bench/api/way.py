"""What the API's way past the pages' middleware saves (`checkout_project/middleware/pages.py`): `python -m bench way`.

A call of an address that is none, so that nothing but Django and its middleware takes time, and no database.
"""

import logging
import os
import time
from statistics import median

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from bench.tools.figures import figure

CALLS = 5000
_WAY = ("checkout_project.middleware.pages.Outside", "checkout_project.middleware.pages.Inside")


def cost_of_a_call() -> float:
    """Microseconds of the processor's time, with the middleware that the settings name now."""
    application, factory = WSGIHandler(), RequestFactory()
    return median(_once(application, factory) for _ in range(CALLS)) * 1e6


def _once(application: WSGIHandler, factory: RequestFactory) -> float:
    environ = factory.get("/api/v1/nothing").environ
    began = time.process_time()
    response = application(environ, lambda *_head: None)  # type: ignore[arg-type, misc]
    response.close()
    return time.process_time() - began


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
    django.setup()
    logging.disable(logging.CRITICAL)
    around = cost_of_a_call()
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name not in _WAY]
    through = cost_of_a_call()
    figure("a call around the pages' middleware", around, "µs of cpu", ratio=around / through, floor="one through it")
