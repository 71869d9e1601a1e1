"""Receipts: what was paid, signed by this installation, and checked."""
