"""What stops a start that could not work."""
