"""What waits in deposit addresses, and its way into the treasury."""
