"""Backups, and what becomes of an installation that was restored from one, or copied."""
