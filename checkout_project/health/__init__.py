"""What supervisors ask, and what is said while the database is away."""
