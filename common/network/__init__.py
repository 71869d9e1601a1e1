"""Who calls us, whom we call, and which addresses are public."""
