"""Settings of the floor: the same Django and database, nothing around the view."""

from checkout_project.settings import *  # noqa: F403

INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.floor"
