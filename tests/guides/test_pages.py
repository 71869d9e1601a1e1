"""The docs at /docs: every guide has its page, every link and anchor leads somewhere, and search finds."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import resolve

from checkout_project.guides import contents, reference
from checkout_project.guides.code import LANGUAGES
from merchants_app.models import Merchant
from tests.desk import Desk

DOCS = Path(__file__).parents[2] / "docs"
_HREF, _ID = re.compile(r'href="([^"]+)"'), re.compile(r' id="([^"]+)"')
_FENCE = re.compile(r"^```(\w+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Each page of the docs, as a visitor gets it."""
    paths = ["/docs/api", "/docs/search?q=webhook", *(f"/docs/examples/{each}" for each in contents.EXAMPLES)]
    paths += [guide.path for guide in contents.guides().values()]
    paths += [call.address for call in reference.calls().values()]
    client = Client()
    found = {}
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200, path
        found[path.partition("?")[0]] = answer.content.decode()
    return found


def test_every_guide_has_its_place_in_the_menu() -> None:
    assert set(contents.guides()) == {path.stem for path in DOCS.glob("*.md")}


def test_every_link_and_anchor_leads_somewhere(pages: dict[str, str]) -> None:
    anchors = {path: {unescape(each) for each in _ID.findall(html)} for path, html in pages.items()}
    assert all(len(_ID.findall(html)) == len(anchors[path]) for path, html in pages.items()), "an id stands twice"
    astray = set()
    for page, html in pages.items():
        for href in map(unescape, _HREF.findall(html)):
            path, _, anchor = href.partition("#")
            target = path or page
            if target in pages:
                astray |= {(page, href)} if anchor and anchor not in anchors[target] else set()
            elif target.startswith("/static/") or (target.endswith(".md") and contents.source(Path(target).stem)):
                continue
            elif target.startswith("/"):
                assert target.startswith("/docs") is False or target == "/docs", (page, href)
                resolve(target)
            elif not target.startswith(("https://", "http://")):
                astray.add((page, href))
    assert astray == set()


def test_no_page_asks_anybody_else(pages: dict[str, str]) -> None:
    for path, html in pages.items():
        loaded = re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="([^"]+)"', html)
        assert loaded, path
        assert all(each.startswith("/static/") for each in loaded), path
        assert "style=" not in html, path
        assert "<script>" not in html, path


@pytest.mark.parametrize(
    "name", ["quick-start", "testing", "using-the-api", "webhooks", "payment-links", "refunds", "errors"]
)
def test_an_example_is_one_with_a_tab_for_each_language(pages: dict[str, str], name: str) -> None:
    groups = pages[f"/docs/{name}"].split('<div class="code"><header>')[1:]
    assert groups
    for group in groups:
        shown = re.findall(r'<pre data-lang="(\w+)"', group)
        assert shown == re.findall(r'name="lang-\d+" value="(\w+)"', group) == list(LANGUAGES)
        assert group.count(" checked") == 1


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("reference_taken", "/docs/errors#reference_taken"),
        ("create checkout session", "/docs/api/create_session"),
        ("check signature", "/docs/webhooks#check-the-signature"),
    ],
)
def test_the_search_finds(client: Client, words: str, first: str) -> None:
    html = client.get("/docs/search", {"q": words}).content.decode()
    found = re.search(r'<ol class="found">.*?href="([^"]+)"', html, re.DOTALL)
    assert found
    assert found[1] == first


def test_the_search_takes_anything(client: Client) -> None:
    for words in ("", " ", "<script>alert(1)</script>", "zzzzqqq", "x" * 5000, "%", "(", "ünïcode"):
        html = client.get("/docs/search", {"q": words}).content.decode()
        assert "<script>alert" not in html


@pytest.mark.parametrize(
    "path", ["nothing", "api/nothing", "examples/shop/../../manage.py", "../README", "nothing.md", "../README.md"]
)
def test_what_is_not_there_is_not_there(client: Client, path: str) -> None:
    assert client.get(f"/docs/{path}").status_code == 404


_LINK = re.compile(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)")


def test_each_guide_is_there_as_markdown_and_a_list_of_them(client: Client) -> None:
    listed = client.get("/llms.txt")
    assert listed.headers["Content-Type"] == "text/plain; charset=utf-8"
    paths = re.findall(r"\]\(https?://[^/]+(/docs/[\w-]+\.md)\): \w", listed.content.decode())
    assert set(paths) == {f"/docs/{path.name}" for path in DOCS.glob("*.md")}
    led = set()
    for path in paths:
        answer = client.get(path)
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        text = answer.content.decode()
        assert text.startswith("# ")
        assert "&quot;" not in text
        led |= {urljoin(path, each) for each in _LINK.findall(text)}
    assert {"/docs/webhooks.md", "/docs/examples/plugin/orders.py"} <= led
    assert {target for target in led if client.get(target).status_code != 200} == set()


def test_the_former_address_leads_to_the_reference(client: Client) -> None:
    assert client.get("/api/docs").headers["Location"] == "/docs/api"


def test_a_member_is_led_to_where_test_keys_are_made(mia: Merchant, desk: Desk) -> None:
    html = desk.client.get("/docs/quick-start").content.decode()
    assert f"/dashboard/{mia.public_id}/test/keys" in html
    assert "/dashboard/mer_" not in Client().get("/docs/quick-start").content.decode()
