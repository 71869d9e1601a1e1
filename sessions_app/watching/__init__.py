"""From new blocks to payments."""
