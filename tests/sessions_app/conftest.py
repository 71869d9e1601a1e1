"""What stands between the watcher and the chain of a test's own file."""

from collections.abc import Iterator

import pytest

from tests.chains_app.node_cast import Devchain
from tests.faulty_proxy import FaultyProxy


@pytest.fixture
def proxy(chain: Devchain, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """The network's only node."""
    with FaultyProxy(upstream=chain.node.url) as node:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", node.url)
        yield node
