"""What stops a run."""


class CannotRunError(Exception):
    """Something does not start, or ended by itself; the sentence says why and what to do."""
