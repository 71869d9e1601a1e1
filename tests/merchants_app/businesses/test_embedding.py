"""The origins that may show a business's payment pages in a frame: as they may be typed, and as they are kept."""

import pytest

from merchants_app.businesses.embedding import WrongOrigin, embedders, origin_of, origins_of
from merchants_app.models import Merchant


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("  HTTPS://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(typed: str, kept: str) -> None:
    assert origin_of(typed) == kept


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://*.shop.example", "Name each host by itself"),
        ("*", "Name each host by itself"),
        ("http://shop.example", "must begin with https://"),
        ("http://localhost.shop.example", "must begin with https://"),
        ("ftp://shop.example", "must begin with https://"),
        ("shop.example", "is no origin"),
        ("https://", "is no origin"),
        ("null", "is no origin"),
        ("https://shop.example/cart", "is no origin"),
        ("https://shop.example?a=1", "is no origin"),
        ("https://mia@shop.example", "is no origin"),
        ("https://shop.example:99999", "is no origin"),
        ("https://shop.example; script-src https://evil.example", "is no origin"),
        ("https://shop.example,https://evil.example", "is no origin"),
        ("https://shop.example 'unsafe-inline'", "is no origin"),
        ("https://a\r\nSet-Cookie:b.example", "is no origin"),
        ("https://[::1]", "is no origin"),
        ("https://" + "a" * 300, "is no origin"),
        ("javascript:alert(1)", "is no origin"),
    ],
)
def test_what_no_policy_or_message_could_name_is_refused_with_a_sentence(typed: str, words: str) -> None:
    with pytest.raises(WrongOrigin, match=words):
        origin_of(typed)


def test_each_counts_once_and_plain_http_in_test_mode_only(mia: Merchant) -> None:
    lines = ["http://localhost:3000", "", "https://shop.example", "https://shop.example/"]
    mia.embed_origins = origins_of(lines)
    assert embedders(mia, "test") == ["http://localhost:3000", "https://shop.example"]
    assert embedders(mia, "live") == ["https://shop.example"]


def test_there_are_at_most_twenty() -> None:
    assert len(origins_of(f"https://s{number}.example" for number in range(20))) == 20
    with pytest.raises(WrongOrigin, match="At most 20 origins; these are 21"):
        origins_of(f"https://s{number}.example" for number in range(21))
