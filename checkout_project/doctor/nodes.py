"""What others do for us: the nodes of each network, sources of rates, the facilitator. Asked, not remembered."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.utils import timezone

from chains_app.calls import facilitator
from chains_app.calls.node_check import Verdict as NodeVerdict
from chains_app.calls.node_check import check_node
from chains_app.calls.node_depth import WATCHED_SECONDS, Depth, depth_of, hash_at, settled_below
from chains_app.evm.deadline_client import deadline
from chains_app.evm.nodes import stands_still
from chains_app.networks.networks import Network, chain_networks
from chains_app.rates.asking import ask_all
from chains_app.rates.chainlink import CHAINLINK
from checkout_project.doctor.findings import SECONDS, Check, Finding, look, ok, wrong
from checkout_project.facts.installation import is_block_old
from common.modes import Mode

_ENOUGH_BLOCKS_AT_ONCE = 100
# By balances money is found that no log tells of: the last blocks do.
_ENOUGH_BALANCES = 100


def checks_of_networks() -> list[tuple[str, Check]]:
    """One for each network that has a node."""
    networks = [each for mode in Mode for each in chain_networks(mode)]
    return [(each.id, lambda each=each: network_is_read(each)) for each in networks]  # type: ignore[misc]


def network_is_read(network: Network) -> Iterator[Finding]:
    """All of its nodes at once, then whether they tell the same."""
    urls = network.rpc_urls
    with ThreadPoolExecutor(2 * len(urls)) as askers:
        depths = list(askers.map(lambda url: depth_of(network, url, seconds=SECONDS), urls))
        verdicts = list(askers.map(lambda url: _checked(network, url), urls))
        heads = [each.head for each in depths if not each.problem]
        common = settled_below(heads) if len(heads) > 1 else 0
        hashes = list(askers.map(lambda url: hash_at(url, common, seconds=SECONDS / 2), urls)) if common else []
    for depth, verdict in zip(depths, verdicts, strict=True):
        yield from of_node(network, depth, verdict)
    yield from _alike(network, [each.host for each in depths], hashes, common)
    if len(urls) == 1 and network.mode == Mode.LIVE:
        yield look(
            network.id,
            "It has one node: when that one fails or lies, nobody else is asked.",
            f"Name a second one of another provider in {network.rpc_variable}, after a comma.",
        )


def _checked(network: Network, url: str) -> NodeVerdict:
    with deadline(SECONDS):
        return check_node(network, url)


def of_node(network: Network, depth: Depth, verdict: NodeVerdict) -> Iterator[Finding]:
    """The lines of one node."""
    about, change = f"{network.id} at {depth.host}", f"Name another node in {network.rpc_variable}."
    if depth.problem:
        yield wrong(about, depth.problem, f"Look at the provider's page and your key there. {change}")
        return
    for difference in verdict.differences:
        yield wrong(about, difference, f"Nothing must be sold there until that is right. {change}")
    if stands_still(network, depth.age):
        yield wrong(about, f"It stands still: its newest block is {depth.age:.0f} s old.", change)
    elif is_block_old(network, depth.age):
        yield look(about, f"It lags: its newest block is {depth.age:.0f} s old.", change)
    week = WATCHED_SECONDS / network.block_seconds
    if depth.logs is None or depth.logs < min(week, depth.head):
        far = "refuses logs" if depth.logs is None else f"tells logs of the last {depth.logs:,} blocks only"
        yield look(about, f"It {far}; after an outage older payments would be found by another node alone.", change)
    if depth.balances is None or depth.balances < min(_ENOUGH_BALANCES, depth.head):
        yield look(about, "It knows no balances of blocks past: coins that contracts send are seen later.", change)
    if depth.span is None or depth.span < min(_ENOUGH_BLOCKS_AT_ONCE, depth.head):
        at_once = f"{depth.span} blocks" if depth.span else "no blocks"
        yield look(
            about,
            f"eth_getLogs takes {at_once} at once: catching up after an outage is slow.",
            f"Take a larger plan. {change}",
        )
    if not verdict.differences:
        past = f"logs {depth.logs or 0:,} and balances {depth.balances or 0:,} blocks back, {depth.span or 0:,} at once"
        asked = f"; not all was asked: {verdict.problem}" if verdict.problem else ""
        yield ok(about, f"chain {network.chain_id}, newest block {depth.age:.0f} s old, {past}{asked}")


def _alike(network: Network, hosts: Sequence[str], hashes: Sequence[str], number: int) -> Iterator[Finding]:
    told = {host: each for host, each in zip(hosts, hashes, strict=False) if each}
    if len(set(told.values())) > 1:
        yield wrong(
            network.id,
            f"Its nodes contradict each other about block {number}: {', '.join(told)}.",
            f"One of them lies or is on a branch: compare with an explorer, take it out of {network.rpc_variable}.",
        )


def rates_come() -> Iterator[Finding]:
    """Each source that is switched on."""
    reports = ask_all(now=timezone.now(), seconds=SECONDS)
    for each in reports:
        if each.problem:
            others = any(not other.problem for other in reports)
            tell = look if others else wrong
            is_read = each.source == CHAINLINK
            cure = "Mend the nodes above." if is_read else f"Open the way there, or empty {each.source.upper()}_URL."
            yield tell("rates", f"{each.source}: {each.problem}.", cure)
        else:
            yield ok("rates", f"{each.source}: {len(each.readings)} pairs")
    if not reports:
        yield ok("rates", "nobody is asked: no live network is on")


def facilitator_serves() -> Iterator[Finding]:
    """Which of our networks it brings signed payments to. Nothing where none is named."""
    if not facilitator.is_switched_on():
        return
    try:
        named = facilitator.supported()
    except facilitator.FacilitatorAway as problem:
        cure = "Look at FACILITATOR_URL and FACILITATOR_TOKEN. Buyers send in place of signing until it answers."
        yield wrong("facilitator", str(problem), cure)
        return
    ours = [each.name for mode in Mode for each in chain_networks(mode) if each.caip2 in named]
    if ours:
        yield ok("facilitator", f"brings signed payments to {', '.join(ours)}")
    else:
        cure = "Name one in FACILITATOR_URL that does, or take it out."
        yield look("facilitator", "It brings signed payments to none of the networks that are on.", cure)
