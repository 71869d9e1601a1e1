"""Who works for a business, who is invited, and who runs the installation."""
