"""Backups, restored installations and copies."""
