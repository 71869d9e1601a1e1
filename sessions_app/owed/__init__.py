"""What a change leaves the buyer in writing."""
