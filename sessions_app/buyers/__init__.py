"""Who buys: kept, exported, and forgotten."""
