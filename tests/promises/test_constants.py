"""Constants that money and safety hang on, in literals, each with the sentence of the docs that promises it.

`None` for the sentence: nobody outside is promised it, but it must not change unseen.
"""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROMISES = [
    # where, its value, the page, a piece of its sentence
    (
        "merchants_app.treasuries.treasuries.COOLING_PERIOD",
        timedelta(hours=24),
        "dashboard.md",
        "takes effect after 24 hours",
    ),
    ("merchants_app.requests.idempotency.KEPT", timedelta(hours=24), "api.md", "This holds for 24 hours"),
    ("webhooks_app.events.retention.ATTEMPTS_KEPT", timedelta(days=90), "webhooks.md", "Attempts are kept for 90 days"),
    ("webhooks_app.events.retention.EVENTS_KEPT", timedelta(days=396), "webhooks.md", "events for 13 months"),
    (
        "webhooks_app.endpoints.endpoints.OVERLAP",
        timedelta(hours=24),
        "webhooks.md",
        "24 hours messages are signed with both",
    ),
    ("webhooks_app.endpoints.endpoints.ENDPOINTS_PER_MODE", 50, None, ""),
    ("webhooks_app.queue.delivery.LEASE", timedelta(seconds=50), "webhooks.md", "for 60 s at most"),
    ("webhooks_app.queue.delivery.LONGEST_ATTEMPT_SECONDS", 25.0, None, ""),
    ("webhooks_app.sending.attempts.SECONDS", 20.0, "webhooks.md", "Any 2xx within 20 seconds is success"),
    ("webhooks_app.sending.attempts.ANSWER_KEPT", 1024, None, ""),
    ("webhooks_app.queue.retry_schedule.JITTER", 0.1, "webhooks.md", "give or take a tenth"),
    (
        "webhooks_app.queue.retry_schedule.RETRY_AFTER",
        tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)),
        "webhooks.md",
        "again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h",
    ),
    ("webhooks_app.endpoints.failing.WARN_AFTER", timedelta(hours=1), None, ""),
    ("webhooks_app.endpoints.failing.SWITCH_OFF_AFTER", timedelta(days=5), None, ""),
    ("sessions_app.terms.sessions.SHORTEST", timedelta(minutes=5), None, ""),
    ("sessions_app.terms.sessions.LONGEST", timedelta(days=7), None, ""),
    ("chains_app.reading.health.CLOCKS_DIFFER_BY", timedelta(minutes=2), None, ""),
    ("chains_app.rates.exchange_rates.REFRESH_IS_LATE", timedelta(seconds=90), "rates.md", "more than 90 seconds"),
    ("chains_app.rates.rules.MAX_AGE", timedelta(minutes=5), "rates.md", "is used for at most 5 minutes"),
    ("chains_app.rates.rules.MAX_APART", Decimal("0.02"), "rates.md", "at most 2 % apart"),
    ("chains_app.rates.rules.MAX_PEG_OFF", Decimal("0.01"), "rates.md", "within 1 % of that"),
    ("chains_app.rates.rules.MAX_JUMP", Decimal("0.20"), None, ""),
    ("chains_app.rates.rules.ANCHOR_FOLLOWS", timedelta(hours=1), None, ""),
    ("chains_app.rates.rules.ANCHOR_LASTS", timedelta(hours=24), None, ""),
    ("chains_app.rates.rules.ABOUT_FACTOR", 4, None, ""),
    ("chains_app.networks.networks.SMALL_BELOW", Decimal(100), None, ""),
    ("chains_app.networks.networks.NORMAL_BELOW", Decimal(10_000), None, ""),
    ("chains_app.reading.scanning.FIRST_LOOK_BACK_SECONDS", 600, None, ""),
    ("chains_app.receiving.deposits.MAX_DEPOSITS", 200, None, ""),
    ("merchants_app.requests.log.KEPT", timedelta(days=7), None, ""),
    ("sessions_app.reading.people.LATELY", timedelta(days=30), "payment-links.md", "in the last 30 days"),
]


@pytest.mark.parametrize(("where", "value", "page", "sentence"), PROMISES, ids=[promise[0] for promise in PROMISES])
def test_a_promise_is_kept(where: str, value: object, page: str | None, sentence: str) -> None:
    check_promise(where, value, page, sentence)


def check_promise(where: str, value: object, page: str | None, sentence: str) -> None:
    """The constant has just that value, and the page says so."""
    module, _, name = where.rpartition(".")
    found = getattr(import_module(module), name)
    assert found == value
    assert type(found) is type(value)
    if page:
        assert sentence in " ".join((DOCS / page).read_text(encoding="utf-8").split())
