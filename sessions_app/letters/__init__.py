"""Letters to buyers: what they say, in whose language, and how each is sent once."""
