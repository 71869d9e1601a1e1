"""Doors: the REST API of endpoints, events and deliveries."""
