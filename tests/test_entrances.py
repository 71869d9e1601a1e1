"""Where people arrive who know no address yet."""

import pytest
from django.test import Client


def test_the_bare_address_leads_to_the_dashboard(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/dashboard"


@pytest.mark.django_db
def test_operators_sign_in_where_the_second_factor_is_asked_for(client: Client) -> None:
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"
