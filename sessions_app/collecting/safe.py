"""The file that a Safe's transaction builder opens: calls to be signed by a Safe's owners."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chains_app.networks.networks import Network
from chains_app.receiving.deposits import Call
from sessions_app.collecting.collecting import Plan


def safe_file(plan: Plan, *, now: datetime) -> dict[str, Any]:
    """Of a collection."""
    words = f"{plan.deposits} deposits, into {', '.join(plan.treasuries)}"
    return safe_batch(plan.network, plan.calls, name=f"Collect on {plan.network.name}", words=words, now=now)


def safe_batch(network: Network, calls: Iterable[Call], *, name: str, words: str, now: datetime) -> dict[str, Any]:
    """As its "Save batch" writes it, version 1.0: numbers are texts, times milliseconds."""
    return {
        "version": "1.0",
        "chainId": str(network.chain_id),
        "createdAt": int(now.timestamp() * 1000),
        "meta": {"name": name, "description": words},
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": call.data,
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
