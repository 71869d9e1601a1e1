"""Each of the buyer's buttons pressed twice, as impatient fingers and bad lines do: it happens once."""

import pytest
from django.db.models import QuerySet
from django.test import Client

from sessions_app.models import Announcement, CheckoutSession, Quote, StatusChange

CHOICE = {"asset": "USDC", "network": "sandbox"}
# What is pressed twice after a choice, and what there is of it then, once.
FORMS: dict[str, QuerySet[Quote] | QuerySet[Announcement] | QuerySet[StatusChange]] = {
    "choose": Quote.objects.all(),
    "renew": Quote.objects.all(),
    "sent": Announcement.objects.all(),
    "cancel": StatusChange.objects.filter(to_status="cancelled"),
}


@pytest.mark.parametrize("form", FORMS)
def test_pressed_twice_it_happens_once(client: Client, session: CheckoutSession, form: str) -> None:
    page = f"/pay/{session.page_token}"
    for name in ("choose", form, form):
        assert client.post(f"{page}/{name}", CHOICE).status_code == 303
    assert FORMS[form].filter(session=session).count() == 1
