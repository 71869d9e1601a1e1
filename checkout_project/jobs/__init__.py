"""What runs by itself: when, by which clock, and over which line."""
