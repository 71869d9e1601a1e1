"""Doors: the pages of a business, its team, keys and treasury."""
