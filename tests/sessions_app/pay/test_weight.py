"""What a buyer's pages send: packed, and static files by their content, so that nobody loads them twice."""

from collections.abc import Iterator
from gzip import decompress
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from checkout_project.web.joined_files import joined_script, joined_styles
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
    page = client.get(f"/pay/{session.page_token}").content
    script = page.decode().partition('<script type="module" src="')[2].partition('"')[0]
    assert (hashed / script.removeprefix("/static/")).is_file()
    for name in (script, styles_of(page)):
        answer = client.get(name, headers=PACKED)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
    styles = decompress(answer.getvalue())
    assert page.count(b'rel="stylesheet"') == 1
    assert b"--brand:" in styles  # of the sheet that the page's imports
    assert b"--merchant: #3d5afe; }" in styles
    assert b"@import" not in styles


def test_without_collecting_files_go_by_their_own_names(hashed: Path, session: CheckoutSession) -> None:
    assert list(hashed.iterdir()) == []
    client = Client()
    colored = client.get(styles_of(client.get(f"/pay/{session.page_token}").content)).content.decode()
    name = colored.partition('@import "')[2].partition('"')[0]
    assert name == "/static/css/pay.css"
    answer = client.get(name)
    assert answer.status_code == 200
    assert "immutable" not in answer.headers["Cache-Control"]


def test_a_module_comes_with_those_it_imports_once_each_and_keeps_what_it_loads_later() -> None:
    sources = {
        "js/a.js": (
            'import { b } from "./b.js";\nimport { c } from "./c.js";\n// A remark.\nb(c, () => import("./d.js"));\n'
        ),
        "js/b.js": 'import { c } from "./c.js";\nexport function b() { return c; }\n',
        "js/c.js": "export const c = 3;\n",
    }
    joined = joined_script("js/a.js", sources.__getitem__)
    assert joined.count("c = 3") == joined.count("function b()") == 1
    assert joined.index("c = 3") < joined.index("function b()") < joined.index('b(c, () => import("./d.js"))')
    assert "remark" not in joined
    assert "from" not in joined


@pytest.mark.parametrize(
    ("other", "because"),
    [
        ('import { a } from "./a.js";\nexport const b = a;\n', "need each other"),
        ("export default 1;\n", "export default 1"),
        ('import * as a from "./c.js";\n', "import \\* as a"),
        ('import "./c.js";\n', 'import "./c.js"'),
    ],
)
def test_what_cannot_be_joined_is_refused(other: str, because: str) -> None:
    sources = {"js/a.js": 'import { b } from "./b.js";\nexport const a = b;\n', "js/b.js": other}
    with pytest.raises(ValueError, match=because):
        joined_script("js/a.js", sources.__getitem__)


def test_a_style_sheet_begins_with_those_it_imports() -> None:
    sources = {
        "css/a.css": '@import "b.css";\n/* A remark; of two: */\na b { color: red; width: calc(1px + 2px); }\n',
        "css/b.css": "b { color: blue; }\n",
    }
    assert joined_styles("css/a.css", sources.__getitem__) == "b{color: blue;}a b{color: red;width: calc(1px + 2px);}"
