"""Where a session stands: its facts, what follows from them, and the one writer of it."""
