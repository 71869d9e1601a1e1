"""Where a business's money goes, and the proof that the wallet is theirs."""
