"""Doors: commands about networks."""
