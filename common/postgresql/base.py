"""Where Django looks for the backend that `ENGINE = "common.postgresql"` names."""

from common.database import DatabaseWrapper

__all__ = ["DatabaseWrapper"]
