"""Who calls us and in which language, whom we call, and which addresses are public."""
