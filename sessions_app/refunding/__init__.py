"""Money back to buyers: how much may go, where to, and how it is noticed."""
