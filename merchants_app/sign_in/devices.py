"""Where somebody is signed in: kept up to date as they work, named for people, ended for all or all but one."""

import re
from datetime import timedelta

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

# How exact "last seen" is: a page that somebody opens writes at most once in this time.
_EXACT_TO = timedelta(minutes=1)

# The first that a browser's long name holds; most call themselves by the names of others too, so the order matters.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
             ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
            ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip


def is_fresh(session_key: str, *, address: str) -> bool:
    """Whether the list has this sign-in already, at this address, as of a minute ago at most."""
    since = timezone.now() - _EXACT_TO
    return bool(UserSession.objects.filter(session_key=session_key, ip=address, last_seen_at__gt=since).exists())


def sign_out(user: AbstractBaseUser, *, but: str | None = None) -> None:
    """Ends every sign-in of the person, but the one of that session key."""
    get_adapter().end_sessions(UserSession.objects.filter(user_id=user.pk).exclude(session_key=but))


def browser_name(user_agent: str) -> str:
    """`Chrome on Linux`; what is no browser keeps the first word of its name: `curl`."""
    browser = next((name for part, name in _BROWSERS if part in user_agent), None)
    system = next((name for part, name in _SYSTEMS if part in user_agent), None)
    if browser is None:
        return re.split(r"[/\s]", user_agent, maxsplit=1)[0][:40] or "Unknown browser"
    return f"{browser} on {system}" if system else browser
