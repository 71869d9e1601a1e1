"""Payment requests as URIs that wallets understand (EIP-681)."""

from chains_app.networks.networks import PaymentOption


def payment_uri(option: PaymentOption, address: str, units: int) -> str:
    """What the QR code holds: network, asset, address and amount in base units, as plain integers.

    Wallets disagree on exponents and decimals in amounts (`2.014e18`), but all of them read integers. The bare address
    when the network has no chain id, since no wallet can pay there.
    """
    if units <= 0:
        raise ValueError("a payment request asks for more than nothing")
    chain_id, contract = option.network.chain_id, option.asset.contract
    if chain_id is None:
        return address
    if contract is None:
        return f"ethereum:{address}@{chain_id}?value={units}"
    return f"ethereum:{contract}@{chain_id}/transfer?address={address}&uint256={units}"
