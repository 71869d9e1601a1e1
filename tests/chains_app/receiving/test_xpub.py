"""An account xpub makes addresses and nothing else; private keys are refused without being repeated."""

import pytest

from chains_app.receiving.bip32 import payload_of
from chains_app.receiving.xpub import PrivateKeyRefused, WrongXpub, checked_xpub, xpub_address
from tests.base58 import base58_check

# BIP-39's well-known first test mnemonic; account xpub and addresses of m/44'/60'/0' as every wallet shows them.
XPUB = "xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"
ADDRESSES = {
    0: "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
    1: "0x6Fac4D18c912343BF86fa7049364Dd4E424Ab9C0",
    2: "0xb6716976A3ebe8D39aCEB04372f22Ff8e6802D7A",
}
# The development mnemonic of anvil and hardhat, and the accounts both print at their start.
JUNK = "test test test test test test test test test test test junk"
JUNK_XPUB = (
    "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP"
)
JUNK_ACCOUNTS = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
]
# BIP-32, test vector 1 (seed 000102…0f): m/0'/1, m/0'/1/2' public and private, m/0'/1/2'/2.
VECTOR_M_0H_1 = (
    "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
)
VECTOR_M_0H_1_2H = (
    "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqFJPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5"
)
VECTOR_M_0H_1_2H_2 = (
    "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJAyiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV"
)
VECTOR_M_0H_1_2H_PRIVATE = (
    "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM"
)


@pytest.mark.parametrize(("index", "address"), ADDRESSES.items())
def test_it_gives_the_addresses_that_wallets_show(index: int, address: str) -> None:
    assert xpub_address(xpub=XPUB, index=index) == address


def test_it_gives_the_ten_accounts_of_the_development_mnemonic() -> None:
    assert [xpub_address(xpub=JUNK_XPUB, index=i) for i in range(10)] == JUNK_ACCOUNTS


def test_an_account_xpub_is_taken_without_the_space_around_it() -> None:
    assert checked_xpub(f"  {XPUB}\n") == XPUB


def test_a_published_key_of_the_right_depth_is_taken() -> None:
    assert checked_xpub(VECTOR_M_0H_1_2H) == VECTOR_M_0H_1_2H


@pytest.mark.parametrize(
    "secret",
    [
        VECTOR_M_0H_1_2H_PRIVATE,
        VECTOR_M_0H_1_2H_PRIVATE[:50],
        VECTOR_M_0H_1_2H_PRIVATE.replace("xprv", "zprv"),
        "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
        "0x4C0883A69102937D6231471B5DBB6204FE5129617082792AE468D01A3F362318",
        "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
        "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617",
        JUNK,
    ],
)
def test_anything_private_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(PrivateKeyRefused) as caught:
        checked_xpub(secret)
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value.args)
    assert caught.value.__cause__ is None


def test_a_private_key_dressed_as_an_xpub_is_refused() -> None:
    public, private = (payload_of(key) for key in (VECTOR_M_0H_1_2H, VECTOR_M_0H_1_2H_PRIVATE))
    with pytest.raises(PrivateKeyRefused):
        checked_xpub(base58_check(public[:4] + private[4:]))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with xpub"),
        ("hello", "starts with xpub"),
        ("0x9858EfFD232B4033E47d90003D41EC34EcaEda94", "starts with xpub"),
        (XPUB[:-1], "has 111 characters"),
        (XPUB[:-1] + "u", "checksum"),
        (XPUB[:-1] + "0", "checksum"),
        (VECTOR_M_0H_1, "of depth 2"),
        (XPUB.replace("xpub", "zpub"), "starts with xpub"),
    ],
)
def test_what_is_no_account_xpub_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(WrongXpub, match=reason):
        checked_xpub(text)


def test_a_public_key_that_is_on_no_curve_is_refused() -> None:
    payload = payload_of(XPUB)
    forged = base58_check(payload[:46] + b"\xff" * 32)
    with pytest.raises(WrongXpub, match="no valid public key"):
        checked_xpub(forged)


def test_the_xpub_of_a_single_chain_is_not_taken_for_the_account() -> None:
    with pytest.raises(WrongXpub, match="of depth 4"):
        checked_xpub(VECTOR_M_0H_1_2H_2)


@pytest.mark.parametrize("index", [-1, 2**31])
def test_an_index_outside_the_watch_only_half_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        xpub_address(xpub=XPUB, index=index)


def placed(depth: int, child: int) -> str:
    """The same public key at another place of the tree."""
    payload = payload_of(XPUB)
    return base58_check(payload[:4] + bytes([depth]) + payload[5:9] + child.to_bytes(4) + payload[13:])


@pytest.mark.parametrize(("depth", "child"), [(3, 0), (3, 2**31 - 1), (2, 2**31), (4, 2**31), (0, 0)])
def test_an_account_is_three_steps_down_and_the_last_one_is_hardened(depth: int, child: int) -> None:
    with pytest.raises(WrongXpub, match=f"of depth {depth}"):
        checked_xpub(placed(depth, child))


@pytest.mark.parametrize("child", [2**31, 2**32 - 1])
def test_any_account_of_a_wallet_is_taken(child: int) -> None:
    assert checked_xpub(placed(3, child)) == placed(3, child)


@pytest.mark.parametrize(("letters", "sentence"), [(112, "The checksum does not match"), (113, "Too long")])
def test_an_extended_key_is_no_longer_than_its_bytes_can_be(letters: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        payload_of("1" * letters)
