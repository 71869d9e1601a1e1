"""Every face of the buyer's pages in every light, for everybody: `python -m bench pages`. Faults are told, and fail it.

`PAGES_FACES="send paid"` looks at some, `PAGES_SHOTS=folder` keeps pictures. What is seen: `tests/pages/matrix.py`.
"""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-s", "-p", "no:cacheprovider", "tests/pages/matrix.py"]))
