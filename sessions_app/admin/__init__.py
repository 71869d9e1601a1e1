"""Doors: what operators see of sessions and their money, in Django admin. Nothing is edited; actions use the rules."""

from sessions_app.admin import money, selling, sessions

__all__ = ["money", "selling", "sessions"]  # importing them registers every page, as Django's autodiscovery expects
