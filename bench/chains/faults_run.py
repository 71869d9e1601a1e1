"""The measurement of `bench.chains.faults`, on the database that it made."""

import logging
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from threading import Event as Signal
from threading import Thread
from typing import Any

from bench.tools.figures import figure, most
from bench.tools.shop import open_sessions, open_shop

from django.db import connection  # isort: skip  (the shop has set Django up)
from django.utils import timezone

from chains_app.calls.readers import limits_of
from chains_app.models import Provider, ScanCursor, SetAside
from chains_app.networks.networks import network
from sessions_app.models import CheckoutSession, Payment
from sessions_app.paying.quoting import choose_option
from sessions_app.watching.second_looks import look_again
from sessions_app.watching.watcher import watch_network
from tests.anvil import Anvil, call_data
from tests.chains_app.node_cast import devchain
from tests.faulty_proxy import LIMITS, FaultyProxy, junk_collections
from webhooks_app.models import Event

DEVCHAIN = network("devchain")
BLOCK_SECONDS = 2
FAULT_SECONDS, PAUSE_SECONDS = (3.0, 15.0), (1.0, 6.0)
# After the last payment: blocks that are mined at once, again and again; not before, and for no longer than.
MINED_AT_ONCE, PATIENCE_SECONDS, LONGEST_END_SECONDS = 60, 30.0, 180.0

Fault = Callable[[FaultyProxy, Anvil], None]


def _floods(proxy: FaultyProxy, node: Anvil) -> None:
    block = node.rpc("eth_getBlockByNumber", ["latest", False])
    junk = junk_collections(block=int(block["number"], 16), block_hash=block["hash"], number=11_000)
    proxy.lists(junk, at_most=9_000)


def _says_nothing(proxy: FaultyProxy, _node: Anvil) -> None:
    proxy.hides_logs()
    proxy.has_blooms("0x" + "0" * 512)


FAULTS: dict[str, Fault] = {
    "no receipts": lambda proxy, _: proxy.has_no_receipt_of(),
    "receipts say failed": lambda proxy, _: proxy.spoils_receipts(lambda each: each and {**each, "status": "0x0"}),
    "logs without an index": lambda proxy, _: proxy.spoils_logs(logIndex=None),
    "hides logs": lambda proxy, _: proxy.hides_logs(),
    "hides logs, and headers tell nothing": _says_nothing,
    "headers with all bits": lambda proxy, _: proxy.has_blooms("0x" + "f" * 512),
    "cuts lists": lambda proxy, _: proxy.cuts_logs(to=1),
    "balances a block late": lambda proxy, _: proxy.tells_balances_late(),
    "forgets balances": lambda proxy, node: proxy.keeps_no_state(below=node.head()),
    "odd transactions": lambda proxy, _: proxy.spoils_transactions(lambda _: True, value=None),
    "floods of foreign events": _floods,
    "half of the answers fail": lambda proxy, _: proxy.fails(0.5),
    "down": lambda proxy, _: proxy.reply(503),
    "wants to be left alone": lambda proxy, _: proxy.reply(429, headers={"Retry-After": "2"}),
    "garbage": lambda proxy, _: proxy.reply(200, b"<html>"),
    **{each: (lambda proxy, _, each=each: proxy.limits(each)) for each in LIMITS if each != "results"},
}
REORG = "serves a replaced block"


class Weather:
    """Faults of one node, that come and go."""

    def __init__(
        self, proxy: FaultyProxy, node: Anvil, dice: random.Random, names: Sequence[str], played: Counter[str]
    ) -> None:
        self._proxy, self._node, self._dice, self._names, self._played = proxy, node, dice, names, played
        self._until, self._is_well = 0.0, True
        self.name = ""

    def pass_on(self) -> bool:
        """To be called often; whether a block was replaced."""
        now = time.monotonic()
        if now < self._until:
            return False
        self.clear()
        if not self._is_well:
            self._is_well, self._until = True, now + self._dice.uniform(*PAUSE_SECONDS)
            return False
        self._is_well, self._until = False, now + self._dice.uniform(*FAULT_SECONDS)
        name = self._dice.choice(self._names)
        self._played[name] += 1
        self.name = name
        if name == REORG:
            self._proxy.serves_old_blocks(self._node.head())
            self._node.reorg(1)
            return True
        FAULTS[name](self._proxy, self._node)
        return False

    def clear(self) -> None:
        """It is well."""
        self._proxy.well()
        self.name = ""


class Buyers:
    """Each pays once what the page asks for; what the chain loses is sent again, as wallets do."""

    def __init__(self, node: Anvil, usdc: str, sessions: list[CheckoutSession]) -> None:
        self._node, self._usdc, self.sessions = node, usdc, sessions
        self.sent: dict[int, str] = {}  # by the session's place

    def pay_up_to(self, number: int) -> None:
        for place in range(len(self.sent), min(number, len(self.sessions))):
            self._pay(place)

    def pay_again_what_is_lost(self) -> None:
        sent = list(self.sent.items())
        known = self._node.rpc_all([("eth_getTransactionByHash", [each]) for _, each in sent]) if sent else []
        for (place, _), transaction in zip(sent, known, strict=True):
            if transaction is None:
                self._pay(place)

    def _pay(self, place: int) -> None:
        session = self.sessions[place]
        quote, to = session.quote, session.deposit.address
        assert quote is not None
        units = int(quote.amount_units)
        if quote.asset == "ETH":
            self.sent[place] = self._node.post(to=to, value=units, gas=21_000)
        else:
            data = call_data("transfer(address,uint256)", to, units)
            self.sent[place] = self._node.post(to=self._usdc, data=data, gas=100_000)


def main() -> int:
    """Prints the figures, and what went wrong."""
    payments, a_second, seed = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    names = sys.argv[4:] or [*FAULTS, REORG]
    logging.disable(logging.CRITICAL)  # each fault is a line
    dice, played, went_wrong = random.Random(seed), Counter[str](), list[str]()
    with ExitStack() as stack:
        chain = stack.enter_context(devchain(Anvil()))
        node = chain.node
        proxies = [stack.enter_context(FaultyProxy(upstream=node.url)) for _ in range(2)]
        os.environ["RPC_URL_DEVCHAIN"] = ", ".join(each.url for each in proxies)
        watch_network(DEVCHAIN)
        sessions = _sessions(payments)
        node.rpc("evm_setAutomine", [False])
        node.rpc("evm_setIntervalMining", [BLOCK_SECONDS])
        over = Signal()
        threads = [
            Thread(target=_keep, args=[act, every, over, went_wrong], daemon=True)
            for act, every in ((watch_network, 1.0), (look_again, 5.0))
        ]
        for thread in threads:
            thread.start()
        buyers = Buyers(node, chain.usdc, sessions)
        began = time.monotonic()
        _rain(buyers, [Weather(each, node, dice, names, played) for each in proxies], a_second)
        rained = time.monotonic() - began
        mined = _dry_up(node, buyers)
        over.set()
        for thread in threads:
            thread.join(60)
        faults = f"{sum(played.values())} faults of {len(played)} kinds"
        print(f"{payments} payments, {faults} in {rained:.0f} s (seed {seed})")
        return _judge(buyers, mined, went_wrong)


def _sessions(number: int) -> list[CheckoutSession]:
    """Their buyers have picked a token, or the coin, one after the other."""
    now = timezone.now()
    open_sessions(open_shop(now), number, now=now, ends=now + timedelta(hours=1))
    for place, session in enumerate(CheckoutSession.objects.order_by("pk")):
        choose_option(session=session, asset=("USDC", "ETH")[place % 2], network=DEVCHAIN.id, now=now)
    return list(CheckoutSession.objects.select_related("quote", "deposit").order_by("pk"))


def _keep(act: Callable[[Any], None], every: float, over: Signal, went_wrong: list[str]) -> None:
    """Does it again and again, as Celery would."""
    while not over.is_set():
        began = time.monotonic()
        try:
            act(DEVCHAIN)
        except Exception:  # noqa: BLE001  (what a worker would log)
            went_wrong.append(traceback.format_exc())
        over.wait(max(0.0, every - (time.monotonic() - began)))
    connection.close()


def _rain(buyers: Buyers, weathers: list[Weather], a_second: float) -> None:
    said = began = time.monotonic()
    while len(buyers.sent) < len(buyers.sessions):
        buyers.pay_up_to(int((time.monotonic() - began) * a_second))
        if time.monotonic() > said + 15:
            said = time.monotonic()
            _say(buyers, weathers)
        if sum(each.pass_on() for each in weathers):
            buyers.pay_again_what_is_lost()
        time.sleep(0.25)
    for each in weathers:
        each.clear()


def _dry_up(node: Anvil, buyers: Buyers) -> list[datetime]:
    """Waits until all is told; when blocks were mined at once for that."""
    mined, ends = list[datetime](), time.monotonic() + LONGEST_END_SECONDS
    time.sleep(3 * BLOCK_SECONDS)
    buyers.pay_again_what_is_lost()
    patience = time.monotonic() + PATIENCE_SECONDS
    while _open_ones() and time.monotonic() < ends:
        time.sleep(6)
        _say(buyers, [])
        if time.monotonic() > patience and _open_ones() and _is_read():
            node.mine(MINED_AT_ONCE)
            mined.append(timezone.now())
    return mined


def _say(buyers: Buyers, weathers: list[Weather]) -> None:
    """How far it is."""
    live, row = Payment.objects.filter(vanished_at=None), ScanCursor.objects.get(pk=DEVCHAIN.id)
    print(
        f"  sent {len(buyers.sent)}, seen {live.count()}, confirmed {live.exclude(confirmed_at=None).count()}; "
        f"block {row.block_number} of {row.head} {row.problem} {[each.name for each in weathers]} "
        f"{[each.learned for each in limits_of(DEVCHAIN).values()]}",
        flush=True,
    )


def _is_read() -> bool:
    """Whether the newest block was read: what is missing then, later readings must find."""
    row = ScanCursor.objects.get(pk=DEVCHAIN.id)
    return row.block_number == row.head and timezone.now() - (row.scanned_at or timezone.now()) < timedelta(seconds=5)


def _open_ones() -> int:
    return CheckoutSession.objects.exclude(status="completed").count()


def _judge(buyers: Buyers, mined: list[datetime], went_wrong: list[str]) -> int:
    places = {session.pk: place for place, session in enumerate(buyers.sessions)}
    seconds, late, faults = list[float](), 0, list[str]()
    live = Payment.objects.filter(vanished_at=None).select_related("session__quote")
    by_session = Counter(each.session_id for each in live)
    for each in live:
        minutes = MINED_AT_ONCE * BLOCK_SECONDS * sum(at < each.seen_at for at in mined)
        late += minutes > 0
        seconds.append(max(0.0, (each.seen_at - each.arrived_at).total_seconds() + minutes))
        due, sent = each.session.quote, buyers.sent[places[each.session_id]]
        if due is None or each.amount_units != due.amount_units or each.tx_hash != sent or not each.confirmed_at:
            faults.append(f"{each.session_id}: {each.asset} {each.tx_hash} {each.log_index}, sent was {sent}")
    faults += [f"{pk}: {by_session[pk]} payments" for pk in places if by_session[pk] != 1]
    told = Counter(Event.objects.filter(type="checkout.completed").values_list("subject", flat=True))
    faults += [f"{each.pk}: told {told[each.public_id]} times" for each in buyers.sessions if told[each.public_id] != 1]
    seconds.sort()
    if seconds:
        figure("seconds until a payment is seen", _share(seconds, 0.5), "s (p50)")
        figure("seconds until a payment is seen, the slowest", _share(seconds, 0.99), "s (p99)")
        figure("payments that the readings of minutes later found", late, f"of {len(seconds)}")
    confirmed = live.filter(confirmed_at__isnull=False).count()
    differences = sum(Provider.objects.values_list("differences", flat=True))
    rows = SetAside.objects.filter(network=DEVCHAIN.id)
    print(
        f"confirmed {confirmed}, told once {sum(number == 1 for number in told.values())}; set aside {rows.count()}, "
        f"of which open {rows.filter(settled_at=None).count()}; wrong answers proved {differences}"
    )
    for fault in [*faults[:10], *went_wrong[:3]]:
        print(fault)
    wrong = len(faults) + len(went_wrong) + (len(live) != len(buyers.sessions))
    return 0 if figure("payments lost, doubled or wrong", wrong, f"of {len(buyers.sessions)}", goal=most(0)) else 1


def _share(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    sys.exit(main())
