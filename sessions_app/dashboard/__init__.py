"""Doors: the merchant's pages about sessions and money."""
