"""Settings of the floor: the same database, and Django as it comes, with nothing around the view."""

from checkout_project.settings import *  # noqa: F403
from checkout_project.settings import DATABASES as _OURS

DATABASES = {"default": _OURS["default"] | {"ENGINE": "django.db.backends.postgresql"}}
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.tools.floor"
