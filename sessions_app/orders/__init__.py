"""The sessions of one reference: which of them paid for it, and who else is to know."""
