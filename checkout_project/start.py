"""What every process does first: read the settings, or end with sentences instead of a traceback."""

import os
import sys
from importlib import import_module

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured

_WRONG = "Not started: the environment is wrong (docs/configuration.md)."


def read_settings() -> None:
    """Ends the process, naming each variable that is wrong and what would be right."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as faults:
        sys.exit(_WRONG + "".join(f"\n  {line}" for line in str(faults).splitlines()))


def refuse_wrong_networks() -> None:
    """The same for what only the apps can read: networks, their nodes, sources of rates. Once Django is set up."""
    faults = [each for each in run_checks(tags=["environment"]) if each.level >= ERROR]
    if faults:
        sys.exit(_WRONG + "".join(f"\n  {each.msg} {each.hint or ''}".rstrip() for each in faults))
