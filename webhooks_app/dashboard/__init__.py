"""Doors: the merchant's pages about webhooks."""
