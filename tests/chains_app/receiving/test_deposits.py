"""Deposit addresses and collect calls, without any chain. What the chain says to them is in contracts/."""

import time

import pytest
from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from chains_app.receiving.deposits import (
    COLLECTED_TOPIC,
    DEPLOYMENT_PROXY,
    ETHER,
    FACTORY_ADDRESS,
    IMPLEMENTATION_ADDRESS,
    MAX_DEPOSITS,
    NOT_COLLECTED_TOPIC,
    Call,
    Collection,
    Deposit,
    WrongAddress,
    as_one,
    checked_address,
    collect_call,
    collection_calls,
    decode_collection,
    deposit_address,
    salt_for,
)

TREASURY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55's own first example
OTHER = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"

addresses = st.binary(min_size=20, max_size=20).filter(any).map(lambda raw: "0x" + raw.hex())


def test_a_released_address_never_moves() -> None:
    # Money may be waiting at such an address, on any network. If this fails, the change must not be released.
    assert FACTORY_ADDRESS == "0xed1E88FA62fcB07CBcA00Fd4682f0A27587b9bc0"
    assert deposit_address(session_id="cs_a", treasury=TREASURY) == "0x8C50467D39019Cb9212778a4E53c261bca2c2027"


@given(session_id=st.text(max_size=40), treasury=addresses)
def test_it_is_the_create2_address_of_the_documented_clone(session_id: str, treasury: str) -> None:
    clone = f"3d3615602a57363d3d373d3d363d73{IMPLEMENTATION_ADDRESS[2:]}5af4602a5780fd5b00{treasury[2:]}"
    code_hash = keccak(hexstr="3d604080600a3d3981f3" + clone)
    salt = keccak(session_id.encode())
    raw = keccak(b"\xff" + bytes.fromhex(FACTORY_ADDRESS[2:]) + salt + code_hash)[12:]
    assert deposit_address(session_id=session_id, treasury=treasury) == to_checksum_address(raw)


def test_the_way_a_treasury_is_written_does_not_matter() -> None:
    written = {deposit_address(session_id="cs_a", treasury=each) for each in (TREASURY, TREASURY.lower())}
    assert len(written) == 1


@pytest.mark.parametrize(
    ("treasury", "reason"), [(ETHER, "zero address"), (TREASURY[:-1] + "D", "checksum"), ("", "starts with 0x")]
)
def test_no_deposit_for_a_treasury_that_is_none(treasury: str, reason: str) -> None:
    with pytest.raises(WrongAddress, match=reason):
        deposit_address(session_id="cs_a", treasury=treasury)


def test_five_thousand_addresses_a_second_at_the_very_least() -> None:
    started = time.process_time()  # our own time only; 30,000 a second on an idle core, a third of it on a shared one
    for number in range(5_000):
        deposit_address(session_id=f"cs_{number}", treasury=TREASURY)
    assert time.process_time() - started < 1


# EIP-55's test cases: all capitals, all lower case, mixed.
@pytest.mark.parametrize(
    "address",
    [
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        TREASURY,
        OTHER,
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_the_published_checksums_are_taken_and_given(address: str) -> None:
    assert checked_address(address) == address
    assert checked_address(f" {address.lower()}\n") == address


@given(addresses)
def test_the_checksum_is_the_librarys(address: str) -> None:
    assert checked_address(address) == to_checksum_address(address)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with 0x and has 40 characters"),
        (TREASURY[:-1], "has 40 characters"),
        (TREASURY + "0", "has 40 characters"),
        (TREASURY[2:], "starts with 0x"),
        ("0X" + TREASURY[2:], "starts with 0x"),
        ("0x" + "g" * 40, "only the characters"),
        ("0x" + "٣" * 40, "only the characters"),
        ("0x" + "_1" * 20, "only the characters"),
        ("0x" + "0" * 40, "zero address"),
        (TREASURY.replace("aA", "AA"), "checksum"),
        ("0x" + TREASURY[2:].upper(), "checksum"),
        ("vitalik.eth", "starts with 0x"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(WrongAddress, match=reason):
        checked_address(text)


def arguments(data: str) -> tuple[object, ...]:
    return tuple(decode(["(address,address,bytes32[])[]", "uint256"], bytes.fromhex(data[10:])))


def salts_in(call: Call) -> list[bytes]:
    """Of the sessions that a transaction collects, in its order."""
    groups, _ = decode(["(address,address,bytes32[])[]", "uint256"], bytes.fromhex(call.data[10:]))
    return [salt for _, _, salts in groups for salt in salts]


def test_a_collect_call_groups_by_treasury_and_token() -> None:
    deposits = [
        Deposit("cs_a", TREASURY, USDC),
        Deposit("cs_b", TREASURY),
        Deposit("cs_c", OTHER, USDC),
        Deposit("cs_d", TREASURY.lower(), USDC.lower()),
    ]
    call = collect_call(deposits=deposits, gas_each=123)
    a, b, c, d = (salt_for(each.session_id) for each in deposits)
    treasury, other, usdc = TREASURY.lower(), OTHER.lower(), USDC.lower()
    groups = ((treasury, usdc, (a, d)), (treasury, ETHER, (b,)), (other, usdc, (c,)))
    assert (call.to, call.value) == (FACTORY_ADDRESS, 0)
    assert call.data[:10] == "0x" + keccak(text="collect((address,address,bytes32[])[],uint256)")[:4].hex()
    assert arguments(call.data) == (groups, 123)


def test_the_factory_comes_first_where_it_is_missing() -> None:
    deposits = [Deposit("cs_a", TREASURY)]
    [alone] = collection_calls(deposits=deposits, factory_deployed=True)
    assert (alone.to, salts_in(alone)) == (FACTORY_ADDRESS, [keccak(b"cs_a")])
    first, second = collection_calls(deposits=deposits, factory_deployed=False)
    assert (first.to, second) == (DEPLOYMENT_PROXY, alone)
    salt, code = bytes.fromhex(first.data[2:66]), bytes.fromhex(first.data[66:])
    made = keccak(b"\xff" + bytes.fromhex(DEPLOYMENT_PROXY[2:]) + salt + keccak(code))[12:]
    assert (salt, to_checksum_address(made)) == (bytes(32), FACTORY_ADDRESS)


def test_more_than_fit_one_transaction_are_spread() -> None:
    deposits = [Deposit(f"cs_{number}", TREASURY) for number in range(MAX_DEPOSITS + 1)]
    calls = collection_calls(deposits=deposits, factory_deployed=True)
    assert [len(salts_in(call)) for call in calls] == [MAX_DEPOSITS, 1]
    assert [salt for call in calls for salt in salts_in(call)] == [
        keccak(each.session_id.encode()) for each in deposits
    ]


@pytest.mark.parametrize("count", [0, MAX_DEPOSITS + 1])
def test_a_transaction_of_none_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {MAX_DEPOSITS}"):
        collect_call(deposits=[Deposit("cs_a", TREASURY)] * count)


def test_nothing_to_collect_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        collection_calls(deposits=[], factory_deployed=True)


@pytest.mark.parametrize(
    ("treasury", "token", "reason"), [(ETHER, USDC, "zero address"), (TREASURY, "0x12", "40 characters")]
)
def test_a_collect_call_with_a_wrong_address_is_refused(treasury: str, token: str, reason: str) -> None:
    with pytest.raises(WrongAddress, match=reason):
        collect_call(deposits=[Deposit("cs_a", treasury, token)])


def log(**changed: object) -> dict[str, object]:
    """A log of the factory as a node gives it."""
    topics = [COLLECTED_TOPIC] + ["0x" + "0" * 24 + each[2:].lower() for each in (TREASURY, OTHER)]
    data = "0x" + "0" * 24 + USDC[2:].lower() + f"{5_000_000:064x}"
    return {"address": FACTORY_ADDRESS.lower(), "topics": topics, "data": data} | changed


def test_the_watcher_reads_a_collection() -> None:
    assert decode_collection(log()) == Collection(TREASURY, OTHER, USDC, 5_000_000, collected=True)


def test_the_watcher_reads_a_refusal() -> None:
    topics = [NOT_COLLECTED_TOPIC, *log()["topics"][1:]]  # type: ignore[index]
    seen = decode_collection(log(topics=topics))
    assert seen is not None
    assert not seen.collected


@pytest.mark.parametrize(
    "changed",
    [{"address": OTHER}, {"topics": []}, {"topics": [COLLECTED_TOPIC]}, {"topics": ["0x" + "11" * 32] * 3}],
)
def test_the_watcher_passes_over_what_the_factory_did_not_say(changed: dict[str, object]) -> None:
    assert decode_collection(log(**changed)) is None


def test_several_calls_are_made_by_one_init_code() -> None:
    """Assembled by hand: each body is copied to memory, called with, and what fails jumps to the revert."""
    first, second = "11" * 20, "22" * 20
    steps = [
        f"610002 610067 600039 60006000 610002 60006000 73{first} 5af1 15 610061 57",
        f"610001 610069 600039 60006000 610001 60006000 73{second} 5af1 15 610061 57",
        "00 5b60006000fd aabb cc",
    ]
    calls = [Call(to=f"0x{first}", data="0xaabb"), Call(to=f"0x{second}", data="0xcc")]
    assert as_one(calls) == "0x" + "".join(steps).replace(" ", "")
