"""How any chain is read: what a reader can do, and how far was read."""
