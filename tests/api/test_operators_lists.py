"""The admin's lists: each opens with few queries, and is searched by index or among its newest rows alone."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.filters import AllValuesFieldListFilter
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from bench.pages.dashboard_pages import OPERATORS
from common.admin import large
from merchants_app.audit import record
from merchants_app.keys.api_keys import create_key
from merchants_app.models import Invitation, Merchant
from tests.operators import EMAIL, Operator, staff

LISTS = [model for model in apps.get_models() if admin.site.is_registered(model)]
MOST_QUERIES = 15


def place_of(model: type[Model]) -> str:
    """Where its list is, below /admin/."""
    return f"{model._meta.app_label}/{model._meta.model_name}/"


def queries_of(operator: Operator, page: str) -> int:
    """How many queries it takes, which must answer. What only begins, plans and ends transactions asks nothing."""
    with CaptureQueriesContext(connection) as caught:
        operator.read(page)
    return sum(not each["sql"].startswith(("SAVEPOINT", "RELEASE", "SET LOCAL")) for each in caught)


@pytest.mark.parametrize("model", LISTS, ids=str)
def test_every_list_search_and_page_opens_with_few_queries(operator: Operator, model: type[Model]) -> None:
    list_ = place_of(model)
    # Of the strangers', who have a row of nearly everything.
    pages = [list_, f"{list_}?q=x", *(f"{list_}{row.pk}/change/" for row in model._default_manager.order_by("-pk")[:2])]
    assert {page: number for page in pages if (number := queries_of(operator, page)) > MOST_QUERIES} == {}


def test_the_first_page_does_too(db: None) -> None:
    looker = staff("Look")
    looker.read("")  # the device is noted once a minute, and this process learns once that all is migrated
    assert queries_of(looker, "") <= MOST_QUERIES


@pytest.mark.parametrize("model", [model for model in LISTS if model is not Group], ids=str)
def test_no_list_is_searched_as_django_does(operator: Operator, model: type[Model]) -> None:
    its_admin: Any = admin.site.get_model_admin(model)
    is_stock = type(its_admin).get_search_results is admin.ModelAdmin.get_search_results
    assert not (is_stock and its_admin.search_fields)
    filters = operator.get(place_of(model)).context["cl"].filter_specs
    assert [each.title for each in filters if isinstance(each, AllValuesFieldListFilter)] == []  # reads the whole table


def test_every_list_is_measured() -> None:
    assert {place_of(model) for model in LISTS} - {page.partition("?")[0] for page in OPERATORS} == set()


def found(operator: Operator, list_: str, term: str) -> list[Any]:
    """The rows that a search shows."""
    return list(operator.client.get(f"/admin/{list_}/", {"q": term}).context["cl"].result_list)


def test_ids_and_addresses_are_found_among_all_rows_and_parts_among_the_newest(
    operator: Operator, mia: Merchant, otto: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = create_key(merchant=mia, mode="test", name="till of Mia")
    entry = record(merchant=mia, actor="mia@example.com", action="settings.changed", subject="something")
    invited = Invitation.objects.create(
        merchant=mia, email="new@mia.example", role="viewer", digest="d", sent_at=entry.created_at,
        expires_at=entry.created_at,
    )  # fmt: skip
    ways = [
        ("merchants_app/apikey", key.public_id, key), ("merchants_app/apikey", mia.public_id, key),
        ("merchants_app/auditentry", mia.public_id, entry), ("merchants_app/invitation", mia.public_id, invited),
        ("merchants_app/merchant", mia.public_id, mia), ("merchants_app/merchant", "Mia@Example.com", mia),
        ("merchants_app/user", EMAIL.upper(), operator.user), ("account/emailaddress", EMAIL, None),
        ("mfa/authenticator", EMAIL, None), ("usersessions/usersession", EMAIL, None),
    ]  # fmt: skip
    parts = [
        ("merchants_app/apikey", "till of", key), ("merchants_app/auditentry", "someth", entry),
        ("merchants_app/invitation", "new@mia", invited), ("merchants_app/invitation", "new@mia.example", invited),
        ("merchants_app/merchant", "mia cof", mia),
    ]  # fmt: skip
    for list_, term, row in [*ways, *parts]:
        rows = found(operator, list_, term)
        assert rows, (list_, term)
        assert row is None or row in rows
    monkeypatch.setattr(large, "LOOKED_THROUGH", 0)
    assert [(list_, term) for list_, term, _ in ways if not found(operator, list_, term)] == []
    assert [(list_, term) for list_, term, _ in parts if found(operator, list_, term)] == []
    assert "of the newest 0<" in operator.read("merchants_app/apikey/?q=till")
    assert "of the newest" not in operator.read(f"merchants_app/apikey/?q={key.public_id}")


def test_a_filter_that_is_none_finds_nothing_and_breaks_nothing(operator: Operator) -> None:
    for page in ("merchants_app/loggedrequest/?status_code__gte=x", "sessions_app/payment/?network=nowhere"):
        assert operator.get(page).context["cl"].result_count == 0


def test_a_search_says_what_it_takes(operator: Operator) -> None:
    text = operator.read("merchants_app/apikey/")
    assert "Whole: mer_…, key_…. Of the newest 20,000 also a part of: hint, name, merchant name." in text
