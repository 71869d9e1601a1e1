"""What a buyer's pages send: packed, and static files by their content, so that nobody loads them twice."""

from collections.abc import Iterator
from gzip import decompress
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from sessions_app.models import CheckoutSession

PACKED = {"Accept-Encoding": "gzip"}
HASHED = {"staticfiles": {"BACKEND": "checkout_project.web.static_files.HashedStaticFiles"}}
NOT_OURS = ["admin/*", "rest_framework/*", "account/*", "mfa/*", "drf_*"]


@pytest.fixture
def hashed(tmp_path: Path) -> Iterator[Path]:
    """An installation whose static files were not collected yet."""
    with override_settings(STORAGES=HASHED, STATIC_ROOT=tmp_path):
        yield tmp_path


def styles_of(page: bytes) -> str:
    return page.decode().partition('<link rel="stylesheet" href="')[2].partition('"')[0]


@pytest.mark.parametrize("path", ["", "/status"])
def test_a_page_comes_packed_to_whoever_takes_that(client: Client, session: CheckoutSession, path: str) -> None:
    url = f"/pay/{session.page_token}{path}"
    packed = client.get(url, headers=PACKED)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b'id="live"' in decompress(packed.content)
    assert len(packed.content) * 2 < len(client.get(url).content)


def test_unchanged_news_are_nothing_packed_or_not(client: Client, session: CheckoutSession) -> None:
    url = f"/pay/{session.page_token}/status"
    tag = client.get(url, headers=PACKED).headers["ETag"]
    assert client.get(url, headers=PACKED | {"If-None-Match": tag}).status_code == 304


def test_what_is_collected_is_kept_for_years_and_comes_packed(hashed: Path, session: CheckoutSession) -> None:
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=NOT_OURS)
    client = Client()
    name = styles_of(client.get(f"/pay/{session.page_token}").content)
    answer = client.get(name, headers=PACKED)
    assert (hashed / name.removeprefix("/static/")).is_file()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]


def test_without_collecting_files_go_by_their_own_names(hashed: Path, session: CheckoutSession) -> None:
    assert list(hashed.iterdir()) == []
    client = Client()
    name = styles_of(client.get(f"/pay/{session.page_token}").content)
    assert name.endswith(("/tokens.css", "/pay.css"))
    answer = client.get(name)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]
