"""The currencies of states, as data."""
