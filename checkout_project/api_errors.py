"""Domain errors become answers here, in one shape."""

from drf_standardized_errors.handler import exception_handler as answer

__all__ = ["answer"]
