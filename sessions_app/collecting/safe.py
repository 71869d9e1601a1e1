"""The file that a Safe's transaction builder opens: the calls of a collection, to be signed by a Safe's owners."""

from datetime import datetime
from typing import Any

from sessions_app.collecting.collecting import Plan


def safe_file(plan: Plan, *, now: datetime) -> dict[str, Any]:
    """As its "Save batch" writes it, version 1.0: numbers are texts, times milliseconds."""
    return {
        "version": "1.0",
        "chainId": str(plan.network.chain_id),
        "createdAt": int(now.timestamp() * 1000),
        "meta": {
            "name": f"Collect on {plan.network.name}",
            "description": f"{plan.deposits} deposits, into {', '.join(plan.treasuries)}",
        },
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": call.data,
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in plan.calls
        ],
    }
