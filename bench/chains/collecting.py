"""What collecting takes, and what a buyer's ETH does: from new deposits, and from those that serve again.

    python -m bench collecting                 # 50 deposits in one transaction, on Osaka and on Amsterdam

Gas is counted by an EVM that knows both forks, with our contracts; the figures are the same on every run and stand in
docs/receiving.md. Fails when a session's collection takes more than 60,000 gas on today's fork, or more than 20,000
from deposits that serve again on either.
"""

import argparse
import sys

from bench.tools.figures import figure, most
from chains_app.receiving.deposits import ETHER, deposit_address
from tests.chains_app.contracts.stage import TREASURY, Stage, gas_used, one, outcomes
from tests.fork_node import ForkNode

FORKS = ("osaka", "amsterdam")
MOST_NEW, MOST_AGAIN = {"osaka": 60_000}, 20_000


def main() -> int:
    """Prints gas for a session, new and again."""
    parser = argparse.ArgumentParser(description="What collecting takes.")
    parser.add_argument("--deposits", type=int, default=50)
    asked = parser.parse_args()
    is_kept = True
    for fork in FORKS:
        with ForkNode(fork) as node:
            stage = Stage(node)
            figure(f"{fork}: a buyer's ETH to a new deposit", first(stage), "gas")
            figure(f"{fork}: a buyer's ETH to one used again", first(stage), "gas")
            for kind, token in (("ETH", ETHER), ("USDC", stage.usdc)):
                new, again = (collected(stage, token, asked.deposits) / asked.deposits for _ in range(2))
                limit = most(MOST_NEW[fork]) if fork in MOST_NEW else None
                is_kept &= figure(f"{fork}: collecting {kind} of a new deposit", new, "gas", goal=limit)
                is_kept &= figure(f"{fork}: collecting {kind} of one used again", again, "gas", goal=most(MOST_AGAIN))
    return 0 if is_kept else 1


def first(stage: Stage) -> int:
    """A buyer's transfer of ETH, after which its deposit is collected and the treasury is in use."""
    if stage.holds(TREASURY) == 0:
        stage.deploy_factory()
        stage.node.set_balance(TREASURY, 1)
        stage.give("cs_first", 1, token=stage.usdc)
    used = gas_used(stage.node.send(to=deposit_address(session_id="cs_first", treasury=TREASURY), value=10**15))
    stage.collect(one("cs_first"), one("cs_first", stage.usdc))
    return used


def collected(stage: Stage, token: str, deposits: int) -> int:
    """Pays so many deposits and collects them."""
    ids = [f"cs_{token}_{number}" for number in range(deposits)]
    for each in ids:
        if token == ETHER:
            stage.node.set_balance(deposit_address(session_id=each, treasury=TREASURY), 10**15)
        else:
            stage.give(each, 5_000_000, token=token)
    receipt = stage.collect(*[one(each, token) for each in ids])
    assert outcomes(receipt) == [True] * deposits
    return gas_used(receipt)


if __name__ == "__main__":
    sys.exit(main())
