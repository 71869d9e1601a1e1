"""A business's own words and links, otherwise in single languages: whoever reads one of them is told those."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from merchants_app.businesses.money_rules import change_settings
from merchants_app.frame.audit_lines import Change, by_day
from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession
from sessions_app.state.representation import receipt_url
from tests.cast import refreshed
from tests.desk import Desk
from tests.markup import text_of
from tests.merchants_app.businesses.test_business_pages import SETTINGS
from tests.sandbox import Sandbox
from tests.strangers.world import own

pytestmark = pytest.mark.django_db

GENERAL = {
    "thanks": "We roast on Monday.", "terms_url": "https://mia.example/terms",
    "privacy_url": "https://mia.example/privacy", "support_url": "https://mia.example/help?order={reference}",
}  # fmt: skip
GERMAN = {
    "thanks": "Wir rösten am Montag.", "terms_url": "https://mia.example/agb",
    "support_url": "https://mia.example/hilfe?nr={reference}",
}  # fmt: skip


@pytest.fixture
def paid(mia: Merchant, session: CheckoutSession, sandbox: Sandbox) -> CheckoutSession:
    """By Mia's words, of which all but one are others in German."""
    change_settings(merchant=mia, actor="mia@example.com", own_words={"de": GERMAN}, **GENERAL)
    CheckoutSession.objects.filter(pk=session.pk).update(reference="7", email="mia@example.com")
    return sandbox.play(refreshed(session), "exact")


def read(url: str, language: str) -> str:
    page = Client().get(url, headers={"Accept-Language": language}).content.decode()
    return " ".join(page.split())


def test_who_reads_the_language_is_told_its_words_and_all_others_the_general_ones(paid: CheckoutSession) -> None:
    german, french = (read(f"/pay/{paid.page_token}", language) for language in ("de-AT", "fr"))
    assert '<bdi lang="de">Wir rösten am Montag.</bdi>' in german
    assert 'href="https://mia.example/agb"' in german
    assert 'href="https://mia.example/privacy"' in german  # which has no other word
    assert 'href="https://mia.example/hilfe?nr=7"' in german
    assert '<bdi lang="">We roast on Monday.</bdi>' in french  # in whichever language that is
    assert 'href="https://mia.example/terms"' in french
    assert 'href="https://mia.example/help?order=7"' in french
    assert "mia.example/agb" not in french


def test_the_receipt_and_the_letter_follow_the_buyers_language(paid: CheckoutSession) -> None:
    CheckoutSession.objects.filter(pk=paid.pk).update(locale="de")
    assert 'href="https://mia.example/agb"' in read(receipt_url(paid).removeprefix(settings.PUBLIC_URL), "fr")
    send_letters(timezone.now())
    assert "https://mia.example/hilfe?nr=7" in mail.outbox[0].body


def test_an_open_page_hears_of_another_word(paid: CheckoutSession) -> None:
    url, client = f"/pay/{paid.page_token}/status", Client(headers={"Accept-Language": "de"})
    tag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    change_settings(merchant=paid.merchant, actor="mia", own_words={"de": {"thanks": "Bis bald!"}})
    assert "Bis bald!" in client.get(url, headers={"If-None-Match": tag}).content.decode()


def test_they_are_typed_and_taken_away_beside_the_others(desk: Desk, mia: Merchant) -> None:
    typed = {
        "own_words-de-thanks": "  Bis\tbald! ", "own_words-de-terms_url": "https://mia.example/agb",
        "own_words-ar-thanks": "شكرا", "own_words-xx-thanks": "Nobody's", "own_words-fr-name": "Mia",
    }  # fmt: skip
    assert desk.post("settings", **SETTINGS | GENERAL | typed).status_code == 302
    mia.refresh_from_db()
    assert mia.own_words == {
        "de": {"thanks": "Bis bald!", "terms_url": "https://mia.example/agb"},
        "ar": {"thanks": "شكرا"},
    }
    page = desk.read("settings")
    assert 'value="Bis bald!" lang="de" dir="auto"' in page
    assert 'value="شكرا" lang="ar" dir="auto"' in page
    assert page.count("<details open>") == 2
    assert desk.post("settings", **SETTINGS | GENERAL | {"own_words-de-thanks": "Bis bald!"}).status_code == 302
    mia.refresh_from_db()
    assert mia.own_words == {"de": {"thanks": "Bis bald!"}}
    lines = [line for _, found in by_day(own(AuditEntry).order_by("-id")[:2]) for line in found]
    assert {each.name: (each.before, each.after) for each in lines[0].changes} == {
        "link to the terms, in German": ("https://mia.example/agb", "none"),
        "words after the payment, in Arabic": ("شكرا", "none"),
    }
    assert Change("words after the payment, in German", "none", "Bis bald!") in lines[1].changes


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("terms_url", "http://mia.example", "German, link to your terms: Give the whole address"),
        ("privacy_url", "https://mia.example/{reference}", "German, link to your privacy notice: Nothing in braces"),
        ("support_url", "javascript:alert(1)", "German, link for buyers' questions: Give the whole address"),
        ("thanks", "x" * 201, "German, words after the payment: Ensure this value has at most 200 characters"),
        ("thanks", "a\0b", "German, words after the payment: Null characters are not allowed."),
    ],
)
def test_a_wrong_one_is_told_with_its_language_and_nothing_is_saved(
    desk: Desk, mia: Merchant, name: str, value: str, sentence: str
) -> None:
    answer = desk.post("settings", **SETTINGS | {f"own_words-de-{name}": value})
    assert list(answer.context["form"].errors) == ["own_words"]
    assert sentence in unescape(text_of(answer.content.decode()))
    assert "<details open>" in answer.content.decode()
    mia.refresh_from_db()
    assert (mia.own_words, mia.name) == ({}, "Mia Coffee")


def test_those_of_a_language_off_the_offer_are_kept_and_shown_and_told_to_nobody(
    desk: Desk, paid: CheckoutSession, mia: Merchant
) -> None:
    mia.refresh_from_db()
    change_settings(merchant=mia, actor="mia", languages=["en", "fr"])
    assert "We roast on Monday." in read(f"/pay/{paid.page_token}", "de")
    page = desk.read("settings")
    assert 'name="own_words-de-thanks"' in page
    assert 'name="own_words-fr-thanks"' in page
    assert 'name="own_words-it-thanks"' not in page


def test_only_owners_set_them_and_one_businesss_are_nobody_elses(
    colleague: Callable[..., Desk], ottos_desk: Desk, paid: CheckoutSession
) -> None:
    for role in ("developer", "support", "viewer"):
        desk = colleague(role)
        assert desk.post("settings", **SETTINGS | {"own_words-de-thanks": "Mine"}).status_code == 403
        assert "Wir rösten am Montag." in desk.read("settings")
    assert "Wir rösten am Montag." not in ottos_desk.read("settings")
    assert refreshed(paid).merchant.own_words == {"de": GERMAN}


def test_the_preview_shows_them_in_the_language_that_is_asked_for(desk: Desk, mia: Merchant) -> None:
    typed: dict[str, Any] = SETTINGS | GENERAL | {"own_words-de-thanks": "Bis bald!", "step": "paid"}
    assert "Bis bald!" in desk.post("settings/preview", **typed, spoken="de").content.decode()
    assert "We roast on Monday." in desk.post("settings/preview", **typed).content.decode()
    refused = desk.post("settings/preview", **typed | {"languages": ["en"]}, spoken="de").content.decode()
    assert "We roast on Monday." in refused
    mia.refresh_from_db()
    assert mia.own_words == {}
