"""The reader of EVM networks, by JSON-RPC."""
