"""What a line of the audit log is about leads to its page, where it has one."""

import pytest

from merchants_app import audit
from merchants_app.models import Merchant
from tests.desk import Desk


@pytest.mark.parametrize(
    ("subject", "page"),
    [
        ("cs_7", "sessions/cs_7"),
        ("pl_7", "links/pl_7"),
        ("cus_7", "customers/cus_7"),
        ("we_7", "webhooks/we_7"),
        ("key_7", "requests?key=key_7"),
        ("cs_/a@example.com", None),
        ("0xab", None),
    ],
)
def test_what_a_line_of_the_audit_log_is_about_leads_to_its_page(
    desk: Desk, mia: Merchant, subject: str, page: str | None
) -> None:
    audit.record(merchant=mia, mode="test", actor="a", action="thing.done", subject=subject)
    text = desk.read("audit").partition("<main")[2]
    address = f'<a href="/dashboard/{desk.at}/{page}"><bdi>{subject}</bdi></a>'
    assert (address in text) == (page is not None)
    assert subject in text
