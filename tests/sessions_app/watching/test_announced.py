"""What became of a transaction that a buyer's wallet told of, by a real node: the page says that, and never more."""

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chains_app.calls.readers import nodes_for
from chains_app.networks.networks import Network
from chains_app.reading.reader import ReaderUnavailable
from sessions_app.models import Announcement, CheckoutSession
from sessions_app.paying.announcing import announce, take_back
from sessions_app.paying.quoting import choose_option
from sessions_app.watching import announced, second_looks
from tests.anvil import Anvil, call_data
from tests.cast import refreshed
from tests.chains_app.node_cast import DEVCHAIN, Devchain, devchain
from tests.faulty_proxy import FaultyProxy
from tests.journeys.test_odd_payments_on_anvil import FULL, Street
from tests.sessions_app.watching.buyer import GAS_PRICE, Buyer

pytestmark = pytest.mark.django_db

DEEP = DEVCHAIN.confirmations.normal
OTHER = "0x" + "cd" * 32


@pytest.fixture(scope="module")
def chain() -> Iterator[Devchain]:
    with devchain() as made:
        yield made


@pytest.fixture
def held(chain: Devchain) -> Iterator[Anvil]:
    """Transactions wait until the test lets a block be made."""
    chain.node.rpc("evm_setAutomine", [False])
    yield chain.node
    chain.node.rpc("anvil_dropAllTransactions")
    chain.node.rpc("evm_setAutomine", [True])


@pytest.fixture
def buyer(chain: Devchain, client: Client, new_session: Callable[..., CheckoutSession]) -> Buyer:
    session = new_session(allowPayAgain=True)
    choose_option(session=session, asset="USDC", network="devchain", now=timezone.now())
    return Buyer(Street(chain, refreshed(session)).looked(), client)


def test_what_the_network_undid_is_asked_for_again_and_told(buyer: Buyer) -> None:
    buyer.sends()
    assert buyer.looked(blocks=DEEP - 2) == "waiting"  # another branch may yet have it otherwise
    assert "Sent. Now Devchain takes it up" in buyer.page()
    assert buyer.looked(blocks=1) == "reverted"
    html = buyer.page()
    assert 'data-state="send"' in html
    assert 'role="status" id="news">The network refused the payment.<' in html
    assert "Nothing was paid, only the network’s fee. You can send it again." in html
    buyer.street.sends(FULL)
    assert 'id="news">The network refused' not in buyer.page()


def test_what_was_paid_as_usual_is_noted_and_no_node_is_asked(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announced, "standings_of", Mock(side_effect=AssertionError))
    buyer.wallet = buyer.street.chain.payer  # which has enough of it
    buyer.sends()
    assert buyer.looked(blocks=1) == ""  # not final yet: the network may drop it
    cache.clear()  # as if a minute had passed
    assert buyer.looked(blocks=DEEP) == "done"


def test_after_the_end_it_is_not_looked_for_any_more_and_may_be_paid_again(buyer: Buyer) -> None:
    buyer.sends()
    buyer.street.ends()
    assert "We look for it" in buyer.page()
    assert buyer.looked(blocks=DEEP) == "reverted"
    html = buyer.page()
    assert "We look for it" not in html
    assert "Nothing was paid, only the network’s fee.<" in html
    assert "You can send it again" not in html
    assert "Pay again" in html


@pytest.mark.parametrize("of", ["another's call", "more than a transfer", "to somebody else"])
def test_what_its_buyer_may_not_be_alone_to_send_is_not_asked_for_again(buyer: Buyer, of: str) -> None:
    """A bundler or a facilitator tries once more what failed: the page stays with "sent"."""
    transfer = call_data("transfer(address,uint256)", buyer.street.address, FULL)
    buyer.sends(**{
        "another's call": {"to": buyer.street.chain.sender, "data": "0x12345678"},
        "more than a transfer": {"data": transfer + "00"},
        "to somebody else": {"data": call_data("transfer(address,uint256)", buyer.wallet, FULL)},
    }[of])  # fmt: skip
    assert buyer.looked(blocks=DEEP) == "done"
    assert 'data-state="sent"' in buyer.page()
    buyer.minutes_ago(6)
    html = buyer.page()
    assert "Devchain has the transaction, but we see no payment in it" in html
    assert "Devchain takes it up" not in html
    assert "is known, and it is safe" not in html


def test_what_waits_is_known_and_what_no_node_has_is_not_said_to_be(buyer: Buyer, held: Anvil) -> None:
    tx_hash = buyer.sends()
    buyer.minutes_ago(6)
    assert "is known, and it is safe" not in buyer.page()  # nobody was asked yet
    assert buyer.looked() == "waiting"
    assert "Your payment is known, and it is safe." in buyer.page()
    held.drop(tx_hash)
    assert buyer.looked() == "unknown"
    html = buyer.page()
    assert "We do not see your payment yet" in html
    assert "is known, and it is safe" not in html
    assert 'data-state="sent"' in html


def test_after_the_hour_the_nodes_are_asked_still_and_believed_as_long_as_they_know_it(
    buyer: Buyer, held: Anvil
) -> None:
    tx_hash = buyer.sends()
    held.drop(tx_hash)
    assert buyer.looked() == "unknown"
    assert buyer.sends() == tx_hash  # brought once more
    buyer.minutes_ago(120)
    assert 'data-state="send"' in buyer.page()
    cache.clear()  # as if a minute had passed
    assert buyer.looked() == "waiting"
    assert 'data-state="sent"' in buyer.page()
    held.drop(tx_hash)
    assert buyer.looked() == "waiting"  # nobody is asked a second time within the minute
    cache.clear()
    assert buyer.looked() == "unknown"
    html = buyer.page()
    assert 'data-state="send"' in html
    assert "You told us that you sent it" in html


def test_what_its_wallet_replaced_is_told_and_left_to_the_buyer(buyer: Buyer, held: Anvil) -> None:
    first = buyer.sends()
    assert buyer.looked() == "waiting"
    nonce = held.rpc("eth_getTransactionByHash", [first])["nonce"]
    cancelled = {"from": buyer.wallet, "to": buyer.wallet, "nonce": nonce, "gasPrice": hex(3 * GAS_PRICE)}
    held.rpc("eth_sendTransaction", [cancelled])
    held.rpc("evm_setAutomine", [True])
    assert buyer.looked(blocks=DEEP - 2) == "unknown"
    assert buyer.looked(blocks=1) == "replaced"
    html = buyer.page()
    assert "Your wallet replaced the payment" in html
    assert "Devchain takes it up" not in html
    assert 'data-state="sent"' in html
    assert 'id="address"' in buyer.page("?again=1")


def test_that_it_was_replaced_is_told_by_the_wallet_while_the_nodes_lag(buyer: Buyer, held: Anvil) -> None:
    tx_hash = buyer.sends()
    assert buyer.looked() == "waiting"
    buyer.says(replaced=tx_hash)
    assert buyer.looked() == "set_aside"  # the node waits for it still
    html = buyer.page()
    assert "Your wallet replaced the payment" in html
    assert "look in your wallet which of the two, before you send again" in html
    assert 'data-state="sent"' in html
    buyer.minutes_ago(61)
    assert 'data-state="sent"' in buyer.page()  # its node has it still, and may yet take it up
    buyer.minutes_ago(-61)
    nonce = held.rpc("eth_getTransactionByHash", [tx_hash])["nonce"]
    cancelled = {"from": buyer.wallet, "to": buyer.wallet, "nonce": nonce, "gasPrice": hex(3 * GAS_PRICE)}
    held.rpc("eth_sendTransaction", [cancelled])
    held.rpc("evm_setAutomine", [True])
    assert buyer.looked(blocks=DEEP) == "replaced"
    buyer.says(failed=tx_hash)
    assert buyer.said.fate == "replaced"


def test_what_was_sped_up_is_paid_by_the_other_transaction(buyer: Buyer, held: Anvil) -> None:
    buyer.wallet = buyer.street.chain.payer  # which has enough of it
    first = buyer.sends()
    assert buyer.looked() == "waiting"
    again = held.rpc("eth_getTransactionByHash", [first])
    sped_up = {"from": buyer.wallet, "to": again["to"], "data": again["input"], "nonce": again["nonce"]}
    half = call_data("transfer(address,uint256)", buyer.street.address, FULL // 2)
    held.rpc("eth_sendTransaction", [sped_up | {"data": half, "gas": hex(100_000), "gasPrice": hex(3 * GAS_PRICE)}])
    held.rpc("evm_setAutomine", [True])
    assert buyer.looked(blocks=DEEP) == "replaced"
    html = buyer.page()
    assert "24.50 of 49.00 USD arrived" in html
    assert 'data-state="send"' in html


def test_a_version_that_knows_no_such_word_goes_on_beside_one_that_does(buyer: Buyer, held: Anvil) -> None:
    tx_hash = buyer.sends()
    buyer.says(failed=tx_hash, replaced=tx_hash)
    assert buyer.said.known_fate == "set_aside"
    assert buyer.said.fate in {"", "taken_back", "unknown", "waiting", "done", "reverted", "replaced"}
    buyer.says(failed=tx_hash)
    assert buyer.said.known_fate == "taken_back"
    Announcement.objects.filter(session=buyer.street.session).update(fate="of_later")
    assert 'data-state="sent"' in buyer.page()
    assert buyer.looked() == "set_aside"


@pytest.mark.parametrize(("word", "fate"), [("of another", ""), ("once more", ""), ("taken back", "taken_back")])
def test_a_word_that_is_given_meanwhile_stands(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch, word: str, fate: str
) -> None:
    tx_hash = buyer.sends()
    ask = announced.standings_of

    def asks(*args: Any, **more: Any) -> Any:
        found = ask(*args, **more)
        if word == "taken back":
            take_back(buyer.street.session, tx_hash=tx_hash)
        else:
            again = OTHER if word == "of another" else tx_hash
            announce(buyer.street.session, tx_hash=again, amount="49.00 USDC", now=timezone.now())
        return found

    monkeypatch.setattr(announced, "standings_of", asks)
    assert buyer.looked(blocks=DEEP) == fate
    assert (buyer.said.tx_hash == OTHER) == (word == "of another")


def test_what_a_process_of_before_an_upgrade_tells_has_no_fate_yet(buyer: Buyer) -> None:
    """It knows no such columns, and leaves in them what became of the former transaction."""
    buyer.sends()
    assert buyer.looked(blocks=DEEP) == "reverted"
    Announcement.objects.update_or_create(
        session=buyer.street.session, defaults={"amount": "49.00 USDC", "tx_hash": OTHER, "at": timezone.now()}
    )
    assert 'data-state="sent"' in buyer.page()
    assert buyer.looked() == "unknown"  # and not replaced: how many its sender had sent is not known
    assert buyer.said.nonce is None


def test_the_wallets_word_is_believed_until_the_nodes_know_it_for_good(buyer: Buyer) -> None:
    tx_hash = buyer.sends()
    take_back(buyer.street.session, tx_hash=tx_hash)
    assert buyer.looked(blocks=DEEP - 2) == "taken_back"
    assert 'role="status" id="news">The network refused the payment.<' in buyer.page()
    assert buyer.looked(blocks=1) == "reverted"
    take_back(buyer.street.session, tx_hash=tx_hash)
    assert buyer.said.fate == "reverted"


@pytest.mark.parametrize("looks", ["before it is deep", "once it is deep"])
def test_the_wallets_word_about_anothers_transaction_is_not_believed(buyer: Buyer, looks: str) -> None:
    """A bundler brings once more what failed, of which the wallet knows nothing."""
    tx_hash = buyer.sends(to=buyer.street.chain.sender, data="0x12345678")
    take_back(buyer.street.session, tx_hash=tx_hash)
    if looks == "before it is deep":
        assert buyer.looked(blocks=1) == "waiting"
    else:
        assert buyer.looked(blocks=DEEP) == "done"
        take_back(buyer.street.session, tx_hash=tx_hash)
        assert buyer.said.fate == "done"
    assert 'data-state="sent"' in buyer.page()


def test_what_no_node_counts_is_unknown_and_no_fault_of_theirs(
    buyer: Buyer, held: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those without old states refuse to count what somebody had sent by then."""
    first = buyer.sends()
    with FaultyProxy(upstream=held.url) as pruned:
        monkeypatch.setenv("RPC_URL_DEVCHAIN", pruned.url)
        pruned.refuse("eth_getTransactionCount", "missing trie node")
        assert buyer.looked() == "waiting"
        held.drop(first)
        assert buyer.looked(blocks=1) == "unknown"
        assert not any(node.is_failing for node in nodes_for(DEVCHAIN).all)


def test_what_cannot_be_asked_about_holds_up_no_other_look(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[Network] = []

    def fails(_network: Network) -> None:
        raise ReaderUnavailable("made up")

    monkeypatch.setattr(second_looks, "follow_announced", fails)
    monkeypatch.setattr(second_looks, "follow_collections", followed.append)
    buyer.street.looked()
    assert followed == [DEVCHAIN]


def test_nothing_is_asked_about_what_was_just_told_or_is_seen(buyer: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(announced, "standings_of", lambda *args, **_: asked.append(args) or {})
    buyer.sends()
    buyer.street.looked()
    paid = buyer.street.node.post(
        to=buyer.street.chain.usdc, data=call_data("transfer(address,uint256)", buyer.street.address, FULL // 2)
    )
    announce(buyer.street.session, tx_hash=paid, amount="49.00 USDC", now=timezone.now())
    buyer.looked(blocks=DEEP)
    announce(buyer.street.session, tx_hash="", amount="49.00 USDC", now=timezone.now())
    buyer.looked()
    assert asked == []
