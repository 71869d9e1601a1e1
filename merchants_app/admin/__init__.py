"""Doors: what operators see and do, in Django admin."""

from merchants_app.admin import records

__all__ = ["records"]  # importing it registers every page, as Django's autodiscovery expects of `admin`
