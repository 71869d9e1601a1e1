"""What a line of the audit log is about leads to its page, where it has one."""

import pytest

from merchants_app import audit
from merchants_app.models import Merchant
from tests.desk import Desk
from webhooks_app.endpoints.endpoints import create_endpoint, delete_endpoint
from webhooks_app.models import Delivery, Event


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


def test_an_endpoint_that_was_deleted_has_no_page_in_the_log_or_among_the_events(desk: Desk, mia: Merchant) -> None:
    kept, gone = (
        create_endpoint(merchant=mia, mode="test", url=f"https://shop.example/{name}", actor="mia")[0]
        for name in ("kept", "gone")
    )
    delete_endpoint(endpoint=gone, actor="mia")
    for endpoint in (kept, gone):
        event = Event.objects.create(merchant=mia, mode="test", type="endpoint.test", subject=endpoint.public_id,
                             subject_sequence=1, data={})  # fmt: skip
        Delivery.objects.create(event=event, endpoint=endpoint)
    one = f"events/{Event.objects.get(subject=gone.public_id).public_id}"
    for page in ("audit", "events", one):
        text = desk.read(page)
        assert gone.public_id in text
        assert f"/webhooks/{gone.public_id}" not in text
        assert (f"/webhooks/{kept.public_id}" in text) == (page != one)
