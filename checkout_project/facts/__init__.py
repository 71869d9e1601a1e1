"""What is so in this installation at one moment, and whether it should be: for all who ask or tell of it."""
