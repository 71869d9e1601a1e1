"""What every process does first: read the settings, or end with sentences instead of a traceback."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured

_WRONG = "Not started: the environment is wrong (docs/configuration.md)."


def read_settings() -> None:
    """Ends the process, naming each variable that is wrong and what would be right."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as faults:
        sys.exit(_WRONG + "".join(f"\n  {line}" for line in str(faults).splitlines()))
