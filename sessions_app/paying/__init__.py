"""What is due, which rate counts, and what is decided about odd payments."""
