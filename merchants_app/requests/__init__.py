"""What is remembered of API calls: their log, and the answers to repeated ones."""
