"""Deliveries: claimed, reported, tried again, sent again."""
