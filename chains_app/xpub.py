"""The other way to receive: plain addresses of an account's public key (BIP-32, BIP-44), which can spend nothing."""

from bip_utils import Bip32KeyError, Bip32Slip10Secp256k1, EthAddrEncoder

_PRIVATE = ("xprv", "yprv", "zprv", "tprv")


class WrongXpub(ValueError):
    """Not an account public key; the message says what is wrong and never repeats what was given."""


def checked_xpub(text: str) -> str:
    """The account's public key. Raises `WrongXpub`; a private key is refused loudly, because it must never be here."""
    given = text.strip()
    if given.lower().startswith(_PRIVATE):
        raise WrongXpub("This is a PRIVATE key. Never give it to anybody; treat it as stolen now. Give the xpub.")
    try:
        key = Bip32Slip10Secp256k1.FromExtendedKey(given)
    except (Bip32KeyError, ValueError):
        raise WrongXpub("This is no extended public key: it begins with xpub and has 111 characters.") from None
    if not key.IsPublicOnly():
        raise WrongXpub("This is a PRIVATE key. Never give it to anybody; treat it as stolen now. Give the xpub.")
    if int(key.Depth()) != 3:
        raise WrongXpub("This is not an account's key: export the xpub of the path m/44'/60'/0'.")
    return given


def xpub_address(*, xpub: str, index: int) -> str:
    """The address at 0/index below the account's key, EIP-55 checksummed."""
    key = Bip32Slip10Secp256k1.FromExtendedKey(xpub).ChildKey(0).ChildKey(index)
    return str(EthAddrEncoder.EncodeKey(key.PublicKey().KeyObject()))
