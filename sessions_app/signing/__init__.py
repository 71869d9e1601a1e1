"""Payments that a buyer only signs: what may be signed, and who brings it to the chain."""
