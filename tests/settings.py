"""The settings of a test run: the real ones, on throw-away secrets and servers."""

from tests.services import prepare_environment

services = prepare_environment()

from checkout_project.settings import *  # noqa: E402, F403  (after the environment they are read from)

# One round: signing in is not what a test is about.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
