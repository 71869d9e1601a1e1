"""The sender: posts what is due, to each endpoint as fast as it can take it."""
