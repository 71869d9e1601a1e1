"""A worker does not start on a node of another chain: it says which network and which variable."""

import os
import subprocess
import sys

from tests.anvil import Anvil
from tests.stack import ROOT


def test_a_worker_refuses_a_node_of_another_chain() -> None:
    with Anvil() as node:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "checkout_project.settings",
            "RPC_URL_SEPOLIA": node.url,
        }
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "checkout_project",
                "worker",
                "--pool",
                "solo",
                "--loglevel",
                "ERROR",
            ],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert done.returncode != 0
    assert "Sepolia" in done.stdout + done.stderr
    assert "RPC_URL_SEPOLIA" in done.stdout + done.stderr
