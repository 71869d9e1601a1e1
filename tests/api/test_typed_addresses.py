"""Addresses outside the API lead to their page with a slash at the end or without."""

import pytest
from django.test import Client

TYPED = [
    ("/admin", "/admin/"),
    ("/dashboard/", "/dashboard"),
    ("/accounts/login?next=/dashboard", "/accounts/login/?next=/dashboard"),
    ("/docs/", "/docs"),
    ("/docs/webhooks/", "/docs/webhooks"),
    ("/docs//", "/docs"),
]


@pytest.mark.parametrize(("typed", "page"), TYPED)
def test_the_other_spelling_leads_to_the_page(db: None, client: Client, typed: str, page: str) -> None:
    answer = client.get(typed)
    assert (answer.status_code, answer.headers.get("Location")) == (302, page)


@pytest.mark.parametrize("address", ["/nothing", "/nothing/", "/docs/nothing-like-that", "/api/v1/checkout/"])
def test_what_is_no_page_is_none_in_any_spelling(db: None, client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_form_that_was_sent_is_not_led_on(db: None, client: Client) -> None:
    assert client.post("/accounts/login", {"login": "a"}).status_code == 404
