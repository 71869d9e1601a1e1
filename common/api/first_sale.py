"""What somebody who has just begun can sell as it stands: in what `make run` says, and on the dashboard's pages."""

import json
from typing import Any

FIRST_SALE: dict[str, Any] = {
    "amount": 49,
    "currency": "USD",
    "successUrl": "https://example.com/success",
    "cancelUrl": "https://example.com/cancel",
    "email": "pat@example.com",
    "name": "Pat Payer",
    "metadata": {"orderId": "10482"},
    "productId": "box-1",
    "productName": "Winter box",
    "productDescription": "Three single origins",
    "allowedAssets": [],
}
_WIDTH = 78


def first_command(*, url: str, key: str) -> str:
    """The same for a terminal, in lines of which each but the last ends in a backslash or within the body."""
    lines = ["{"]
    for name, value in FIRST_SALE.items():
        field = f"{json.dumps(name)}: {json.dumps(value)}" + ("" if name == [*FIRST_SALE][-1] else ", ")
        if len(lines[-1]) + len(field) > _WIDTH:
            lines.append(" ")
        lines[-1] += field
    body = "\n  ".join(line.rstrip() for line in lines) + "}"
    return (
        f"curl {url}/api/v1/checkout \\\n  -H 'Authorization: Bearer {key}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
