"""How far the time of a block may be from ours."""

from datetime import timedelta

# Blocks take a while to be made, some carry the time of their beginning, and chains' clocks differ from ours.
CLOCKS_DIFFER_BY = timedelta(minutes=2)
