"""Lists, searches, figures and words about sessions, for those who look."""
