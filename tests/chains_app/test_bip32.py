"""Keys are derived as BIP-32 says, by the vectors in its text; addresses as Ethereum's wallets show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chains_app.receiving.bip32 import ExtendedKey, payload_of
from tests.base58 import base58_check

# BIP-32, test vectors 1 (seed 000102…0f), 2 and 3: parent, index, child. Hardened steps need the private key.
VECTORS = [
    (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
        1,
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
    ),
    (
        "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
        2,
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
    ),
    (
        "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
        1000000000,
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
    ),
    (
        "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
        0,
        "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
    ),
]
# BIP-32, test vector 5: keys that must not be taken.
NO_KEYS = [
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm",
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn",
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4",
    "xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY",
]


@pytest.mark.parametrize(("parent", "index", "child"), VECTORS)
def test_a_child_is_the_one_that_the_bip_names(parent: str, index: int, child: str) -> None:
    assert ExtendedKey.of(payload_of(parent)).child(index).chain_code == payload_of(child)[13:45]
    assert ExtendedKey.of(payload_of(parent)).child(index).key.format() == payload_of(child)[45:]


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_the_bip_calls_invalid_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError):
        ExtendedKey.of(payload_of(text))


def test_an_address_is_the_one_that_is_published_for_the_key() -> None:
    """The private key 1: its public key is the curve's generator."""
    generator = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    key = ExtendedKey.of(payload_of(VECTORS[0][0])[:45] + generator)
    assert key.address() == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"


@given(some.binary(max_size=78))
def test_bytes_come_back_from_their_text(payload: bytes) -> None:
    assert payload_of(base58_check(payload)) == payload


@pytest.mark.parametrize("text", ["", "1", "l0OI", "1" * 113, VECTORS[0][0][:-1] + "x", VECTORS[0][0] + " "])
def test_a_text_with_a_wrong_character_is_no_key(text: str) -> None:
    with pytest.raises(ValueError):
        payload_of(text)
