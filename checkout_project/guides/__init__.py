"""The pages at /docs: the guides of `docs/`, the examples, a search, and the reference of the API."""
