"""Django admin as our operators meet it."""
