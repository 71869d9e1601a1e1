"""What the dashboard's lists can be narrowed by, one module a list."""
