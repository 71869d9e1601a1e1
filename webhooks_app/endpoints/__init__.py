"""Where messages go: made, changed, and switched off when they fail."""
