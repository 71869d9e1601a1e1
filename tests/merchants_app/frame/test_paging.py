"""Pages of long lists: where the links lead, and what is no row to go on from."""

import pytest
from django.http import QueryDict

from merchants_app.audit import record
from merchants_app.frame.paging import newest_first
from merchants_app.models import AuditEntry, Merchant


@pytest.fixture
def ids(mia: Merchant) -> list[int]:
    """Of five audit lines, the newest first."""
    return [record(merchant=mia, actor="mia", action="test.paged").pk for _ in range(5)][::-1]


def page(asked: str) -> tuple[list[int], str, str]:
    found = newest_first(AuditEntry.objects.filter(action="test.paged"), QueryDict(asked), size=2)
    return [row.pk for row in found.rows], found.older, found.newest


def test_links_lead_from_page_to_page_and_keep_what_was_asked(ids: list[int]) -> None:
    assert page("q=pat") == (ids[:2], f"q=pat&before={ids[1]}", "")
    assert page(f"q=pat&before={ids[1]}") == (ids[2:4], f"q=pat&before={ids[3]}", "q=pat")
    assert page(f"before={ids[3]}") == (ids[4:], "", "_")
    assert page(f"before={ids[4]}") == ([], "", "_")


def test_a_page_leads_back_to_the_one_before_it(ids: list[int]) -> None:
    rows = AuditEntry.objects.filter(action="test.paged")

    def back(asked: str) -> tuple[list[int], str, str]:
        found = newest_first(rows, QueryDict(asked), size=2)
        return [row.pk for row in found.rows], found.older, found.newer

    assert back("")[2] == ""
    assert back(f"before={ids[3]}")[2] == f"after={ids[4]}"
    assert back(f"after={ids[4]}") == (ids[2:4], f"before={ids[3]}", f"after={ids[2]}")
    assert back(f"after={ids[2]}") == (ids[:2], f"before={ids[1]}", "")


def test_two_pages_that_are_just_full_have_no_third(ids: list[int]) -> None:
    assert page(f"before={ids[2]}") == (ids[3:], "", "_")


@pytest.mark.parametrize("before", ["", "x", "-1", "1.5", "9" * 19, "9" * 400, "%C2%B2"])
def test_what_is_no_row_begins_at_the_newest(ids: list[int], before: str) -> None:
    assert page(f"before={before}") == (ids[:2], f"before={ids[1]}", "")


@pytest.mark.parametrize("before", ["9" * 18, "0" * 17 + "9"])
def test_a_number_of_eighteen_digits_is_one(ids: list[int], before: str) -> None:
    rows, _, newest = page(f"before={before}")
    assert (rows, newest) == (ids[:2] if before[0] == "9" else [], "_")
