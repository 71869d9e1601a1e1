"""The settings of a test run: the real ones, on throw-away secrets and servers."""

from tests.services import prepare_environment
from tests.template import NAME

services = prepare_environment()

from checkout_project.settings import *  # noqa: E402, F403  (after the environment they are read from)

INSTALLED_APPS = ["tests.flushing", *INSTALLED_APPS]  # noqa: F405
# One round: signing in is not what a test is about.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Files are looked for when they are asked for. Else each test's client reads all of them beforehand: 24 ms a test.
WHITENOISE_AUTOREFRESH = True
# As they lie in the working copy, whatever was collected of it before.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
# Migrated already (tests/strangers/fixtures.py sees to it that it is there).
DATABASES["default"]["TEST"] = {"TEMPLATE": NAME}  # noqa: F405
