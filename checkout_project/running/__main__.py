"""`python -m checkout_project.running`, which is what `make run` calls."""

import sys

from checkout_project.running.supervisor import run

sys.exit(run())
