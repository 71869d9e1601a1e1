"""Businesses: opened, set up, suspended, looked at by operators."""
