"""What `make` runs before and beside the servers: installing, checking, auditing, locking."""
