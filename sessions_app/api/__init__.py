"""Doors: the REST API of sessions, links, customers and options."""
