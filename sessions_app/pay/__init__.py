"""Doors: the buyer's pages."""
