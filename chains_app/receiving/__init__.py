"""Addresses to receive at without holding a key."""
