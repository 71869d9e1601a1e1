"""The reader of each network."""

from chains_app.networks import Network
from chains_app.reader import Reader
from chains_app.sandbox_reader import SandboxReader


def reader_for(network: Network) -> Reader:
    """A reader for the network, the same one while its configuration stays the same."""
    return SandboxReader(network)
