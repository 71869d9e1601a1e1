"""A buyer is spoken to in the language of the own choice or the shop's wish, people of the business in English."""

import pytest
from django.http import HttpResponse
from django.test import Client

from sessions_app.models import CheckoutSession

pytestmark = pytest.mark.django_db


def read(session: CheckoutSession, *, browser: str = "", lang: str = "", client: Client | None = None) -> HttpResponse:
    """The session's page."""
    asked = {"lang": lang} if lang else {}
    answer = (client or Client()).get(f"/pay/{session.page_token}", asked, headers={"Accept-Language": browser})
    assert isinstance(answer, HttpResponse)
    return answer


def language_of(answer: HttpResponse) -> str:
    return answer.content.decode().split('<html lang="')[1].split('"')[0]


@pytest.fixture
def in_french(session: CheckoutSession) -> CheckoutSession:
    session.locale = "fr-CA"
    session.save()
    return session


@pytest.mark.parametrize(
    ("code", "direction", "sentence"),
    [
        ("de", "", "Womit zahlen Sie?"),
        ("pt-br", "", "Com o que você vai pagar?"),
        ("zh-hans", "", "您想用什么付款？"),
        ("ar", ' dir="rtl"', "بماذا تريد الدفع؟"),
        ("he", ' dir="rtl"', "במה תרצו לשלם?"),
    ],
)
def test_a_page_is_written_in_the_language_that_it_says(
    session: CheckoutSession, code: str, direction: str, sentence: str
) -> None:
    page = read(session, lang=code).content.decode()
    assert f'<html lang="{code}"{direction}' in page
    assert sentence in page


@pytest.mark.parametrize(
    ("browser", "spoken"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("pt-PT", "pt-br"),
        ("zh-TW", "zh-hans"),
        ("fi, nl;q=0.5", "nl"),
        ("fi", "en"),
        ("", "en"),
    ],
)
def test_the_browser_is_heard_where_the_shop_said_nothing(session: CheckoutSession, browser: str, spoken: str) -> None:
    assert language_of(read(session, browser=browser)) == spoken


def test_the_shops_word_comes_before_the_browsers(in_french: CheckoutSession) -> None:
    assert language_of(read(in_french, browser="de")) == "fr"


def test_the_buyers_choice_comes_before_the_shops_and_stays_on_that_page(
    in_french: CheckoutSession, large_session: CheckoutSession
) -> None:
    client = Client()
    assert language_of(read(in_french, lang="ja", client=client)) == "ja"
    assert language_of(read(in_french, client=client)) == "ja"
    assert client.get(f"/pay/{in_french.page_token}/refund").content.decode().count('lang="ja"') >= 1
    cookie = client.cookies["language"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/pay/{in_french.page_token}", True, "Lax")


@pytest.mark.parametrize("nonsense", ["xx", "de'--", "a" * 600, "../../etc", "zz-ZZ-zz"])
def test_what_is_no_language_is_passed_over(in_french: CheckoutSession, nonsense: str) -> None:
    answer = read(in_french, lang=nonsense)
    assert (answer.status_code, language_of(answer)) == (200, "fr")
    assert "language" not in answer.cookies


def test_the_choice_is_made_by_links_that_repeat_nothing_of_the_address(session: CheckoutSession) -> None:
    page = Client().get(f"/pay/{session.page_token}", {"change": "1", "x": "<script>"}).content.decode()
    assert 'href="?lang=de"' in page
    assert page.count("hreflang=") == 14


def test_news_are_asked_for_in_the_language_that_was_chosen(session: CheckoutSession) -> None:
    assert f'/pay/{session.page_token}/status?lang=de"' in read(session, lang="de-AT").content.decode()


def test_a_page_that_does_not_exist_speaks_the_browsers_language() -> None:
    answer = Client().get("/pay/" + "0" * 40, headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert '<html lang="es"' in answer.content.decode()


def test_people_of_the_business_are_spoken_to_in_english_whatever_they_browse_in() -> None:
    page = Client().post("/accounts/login/", {"login": ""}, headers={"Accept-Language": "ja"}).content.decode()
    assert '<html lang="en"' in page
    assert "This field is required." in page
