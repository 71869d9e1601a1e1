"""docs/errors.md has an entry for each code that the API can answer, with its status, and answers lead there."""

import re
from pathlib import Path

import pytest

from checkout_project.guides.contents import guides
from tests.cast import Api, terms
from tests.promises.test_refusals import APPS, PROMISED, load_all, refusals

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| `(\w+)` \| (\d{3}) \|", re.MULTILINE)
# How code says a code that is no refusal's class: a fault of a field, an error outside of any view, DRF's own.
_SAID = re.compile(
    r'(?:PydanticCustomError\(|code=|default_code = |error_response\(\d+, |\.add\(\w+, |\.add\("\w+", )"([a-z]\w+)"'
    r'|^    "\w+": \(\s*"([a-z]\w+)",',
    re.MULTILINE,
)
# Only pages say them, or rules that no call of the API leads to.
PAGES_ONLY = {
    "address_stands", "beyond_role", "cannot_connect", "code_over", "invitation_over", "keys_to_settle",
    "kept_too_short", "last_owner",
    "no_address_yet", "no_owner", "no_second_factor", "not_on_offer", "nothing_left", "wrong_logo",
    "not_a_transaction", "not_collected_yet", "not_for_operators",
    "not_payable_again",
    "nothing_to_collect", "nothing_to_withdraw", "ownership_not_proven", "reason_missing", "reused_too_soon",
    "searched_lately", "sign_up_closed", "too_many_letters", "wrong_account", "wrong_code", "wrong_end",
    "wrong_origin", "wrong_treasury",
}  # fmt: skip
# What DRF and its error shape say by themselves.
OF_DRF = {"not_authenticated", "method_not_allowed", "unsupported_media_type", "parse_error", "error"}
FOLDERS = (
    "common/api",
    "checkout_project",
    "merchants_app/frame",
    "sessions_app/api",
    "sessions_app/terms",
    "webhooks_app/api",
)


def catalogue() -> dict[str, int]:
    return {code: int(status) for code, status in _ROW.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8"))}


def said() -> set[str]:
    """Codes in the source of the API's doors."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    files = [path for path in files if not {"openapi", "guides", "running"} & set(path.parts)]
    found = [each for path in files for each in _SAID.findall(path.read_text(encoding="utf-8"))]
    return {code for codes in found for code in codes if code}


def test_every_code_has_its_entry() -> None:
    load_all()
    of_rules = {each.code for each in refusals() if each.__module__.split(".")[0] in APPS}
    assert len(said()) > 25
    assert (of_rules | said() | OF_DRF) - PAGES_ONLY - set(catalogue()) == set()


def test_every_entry_is_a_code_that_is_said() -> None:
    of_rules = {code for codes in PROMISED.values() for code in codes}
    from_url_rules = {"wrong_scheme", "credentials", "not_a_url"}
    assert set(catalogue()) - of_rules - said() - OF_DRF - from_url_rules == set()
    assert PAGES_ONLY & set(catalogue()) == set()


def test_the_entries_statuses_are_the_promised_ones() -> None:
    promised = {code: status for status, codes in PROMISED.items() for code in codes}
    wrong = {code: status for code, status in catalogue().items() if promised.get(code, status) != status}
    assert wrong == {}


def test_each_entry_has_an_anchor() -> None:
    assert set(catalogue()) <= {part.anchor for part in guides()["errors"].rendered.parts}


@pytest.mark.django_db
def test_an_error_leads_to_its_entries(api: Api) -> None:
    answer = api.post("checkout", terms(amount=-1, email="pat", amout=1))
    page = "http://127.0.0.1:8000/docs/errors"
    codes = ("too_small", "invalid", "unknown_field")
    assert set(answer.headers["Link"].split(", ")) == {f'<{page}#{code}>; rel="help"' for code in codes}
    assert api.get("nowhere").headers["Link"] == f'<{page}#not_found>; rel="help"'
    assert "Link" not in api.get("account").headers
