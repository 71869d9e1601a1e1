"""What an asset costs, and on whose word."""
