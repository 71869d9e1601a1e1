"""One node for all contract tests of a worker; each test gets it as it was at the start."""

from collections.abc import Iterator

import pytest

from tests.anvil import Anvil
from tests.chains_app.contracts.stage import Stage


@pytest.fixture(scope="session")
def contract_node() -> Iterator[Anvil]:
    with Anvil() as node:
        yield node


@pytest.fixture
def bare(contract_node: Anvil) -> Iterator[Stage]:
    """A chain on which the factory is not deployed yet."""
    snapshot = contract_node.snapshot()
    yield Stage(contract_node)
    contract_node.revert(snapshot)


@pytest.fixture
def stage(bare: Stage) -> Stage:
    """A chain with the factory."""
    bare.deploy_factory()
    return bare
