"""Addresses under which a network's own coin shows itself as if it were a token."""

from typing import Final

# Whoever logs the transfers of ether on networks that have EIP-7708 (SYSTEM_ADDRESS of EIP-4788).
ETHER_LOGGER: Final = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE"

# Celo's CELO, Polygon's POL, ZKsync's ETH, Moonbeam's GLMR, Metis' METIS, Arc's USDC; what tools write for "the coin".
COINS_AS_TOKENS: Final = frozenset(
    {
        "0x471EcE3750Da237f93B8E339c536989b8978a438",
        "0x0000000000000000000000000000000000001010",
        "0x000000000000000000000000000000000000800A",
        "0x0000000000000000000000000000000000000802",
        "0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000",
        "0x3600000000000000000000000000000000000000",
        "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE",
        ETHER_LOGGER,
    }
)
