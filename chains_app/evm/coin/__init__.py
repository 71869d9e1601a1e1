"""How transfers of a network's own coin are found: in blocks, balances and traces, or by their logs."""
