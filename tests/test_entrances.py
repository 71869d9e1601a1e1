"""Where people arrive who know no address yet."""

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
