"""All cases: each file of them fills the list as it is read."""

from tests.locks import (
    cases_books,
    cases_business,
    cases_chain,
    cases_decisions,
    cases_entering,
    cases_outage,
    cases_people,
    cases_selling,
    cases_sessions,
    cases_webhooks,
)
from tests.locks.breaking import CASES, held_by_cases

__all__ = [
    "CASES",
    "cases_books",
    "cases_business",
    "cases_chain",
    "cases_decisions",
    "cases_entering",
    "cases_outage",
    "cases_people",
    "cases_selling",
    "cases_sessions",
    "cases_webhooks",
    "held_by_cases",
]
