"""The chain of test mode, and its reader."""
