"""Where people arrive who know no address yet."""

from typing import Any

import pytest
from django.test import Client


def test_the_bare_address_leads_to_the_dashboard(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/dashboard"


@pytest.mark.django_db
def test_operators_sign_in_where_the_second_factor_is_asked_for(client: Client) -> None:
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"


@pytest.mark.parametrize(
    ("address", "status"),
    [("/pay/a%00b", 404), ("/l/%00", 404), ("/pay/cs_x?q=%00", 400), ("/dashboard/test/sessions?q=a%00", 400)],
)
def test_nul_is_no_text(client: Client, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/accounts/login/", "/accounts/email/", "/accounts/2fa/", "/admin/", "/dashboard", "/docs/api", "/nowhere"]
)
def test_no_page_of_somebody_signed_in_is_kept_by_a_cache(client: Client, django_user_model: Any, page: str) -> None:
    client.force_login(django_user_model.objects.create_superuser("ada@example.com"))
    assert "no-store" in client.get(page).headers["Cache-Control"]


def test_a_form_that_is_too_long_is_refused_in_words(client: Client) -> None:
    answer = client.post("/accounts/login/", {"login": "x" * 70_000})
    assert answer.status_code == 413
    assert b"65536 bytes" in answer.content
