"""What other apps ask of a network, whatever its kind."""
