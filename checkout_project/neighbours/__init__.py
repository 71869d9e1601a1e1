"""Hosts that this installation depends on: whether their names lead anywhere, and how long their certificates hold."""
