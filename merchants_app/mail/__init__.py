"""Mail to a business's people."""
