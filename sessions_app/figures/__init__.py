"""What the overview tells: money by day, how far sessions come, what needs somebody, and whether it runs."""
