"""How large the matrix was: routes × callers, told at the end of the report (by xdist's workers too)."""

import pytest

from tests.strangers.calling import Findings

WORD = "stranger matrix"


def counted(request: pytest.FixtureRequest, findings: Findings) -> None:
    """Remembers how often a row was called."""
    request.node.user_properties.append((WORD, [str(findings.row), findings.calls]))


def summary(calls: dict[str, int]) -> str:
    """In a line."""
    routes = {row.split(" ", 1)[1] for row in calls}
    total = sum(calls.values())
    return (
        f"{WORD}: {len(routes)} routes, {len(calls)} with their methods × {total / len(calls):.1f} callers "
        f"= {total} calls"
    )
