"""The audit log: narrowed by kind and days, and taken along as a file."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from merchants_app import audit
from merchants_app.frame.audit_lines import KINDS
from merchants_app.models import AuditEntry, Merchant
from tests.desk import Desk
from tests.sessions_app.books.conftest import EVIL, rows

# When each was done: two minutes apart, on either side of a midnight in Berlin.
ACTS = {
    "api_key.created": "2026-11-02T22:59:00Z", "settings.changed": "2026-11-02T23:01:00Z",
    "webhooks.sent_again": "2026-11-04T12:00:00Z",
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=api_key.", {"api_key.created"}), ("kind=webhook", {"webhooks.sent_again"}), ("kind=none", {*ACTS}),
        ("since=2026-11-03", {"settings.changed", "webhooks.sent_again"}), ("until=2026-11-02", {"api_key.created"}),
        ("since=2026-11-03&until=2026-11-03", {"settings.changed"}), ("until=2026-02-31", {*ACTS}),
        ("since=0001-01-01&until=9999-12-31", {*ACTS}), ("kind=api_key.&q=nobody", set()),
    ],
)  # fmt: skip
def test_it_is_narrowed_by_kind_and_by_days_of_the_business(
    desk: Desk, mia: Merchant, query: str, shown: set[str]
) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="Europe/Berlin")
    AuditEntry.objects.filter(merchant=mia).delete()
    for action, at in ACTS.items():
        entry = audit.record(merchant=mia, mode="test", actor="mia@example.com", action=action)
        AuditEntry.objects.filter(pk=entry.pk).update(created_at=at)
    assert {entry.action for entry in desk.get(f"audit?{query}").context["shown"].rows} == shown


def test_every_act_that_is_written_down_is_of_a_kind() -> None:
    files = [path for app in ("merchants_app", "sessions_app", "webhooks_app") for path in (ROOT / app).rglob("*.py")]
    recorded = re.compile(r'(?:action=f?|_tell\(.*|_record\(.*)"([a-z_]+\.)')
    acts = {act for path in files for act in recorded.findall(path.read_text())}
    assert {"session.", "person.", "shop."} <= acts
    assert {act for act in acts if not act.startswith(tuple(KINDS))} == set()


def test_its_file_has_the_days_it_was_narrowed_to_and_runs_no_formula(desk: Desk, mia: Merchant) -> None:
    today = timezone.now().date()
    audit.record(merchant=mia, mode="test", actor=EVIL, action="link.created", subject="pl_1", price="5")
    audit.record(merchant=mia, mode="live", actor="mia@example.com", action="link.changed")
    link = f"books/exports?what=audit&amp;since={today}"
    assert link in desk.read(f"audit?since={today}")
    assert re.search(r'value="audit"[^>]* checked', desk.read(link.replace("&amp;", "&")))
    form = {"what": "audit", "first": today, "last": today + timedelta(days=1), "format": "csv"}
    found = rows(b"".join(desk.post("books/exports", **form).streaming_content).decode())
    row = next(row for row in found if row["action"] == "link.created")
    assert (row["actor"], row["subject"], row["mode"], row["detail"]) == (f"'{EVIL}", "pl_1", "test", '{"price": "5"}')
    assert "link.changed" not in {row["action"] for row in found}
