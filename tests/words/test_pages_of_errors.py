"""What a buyer reads where the page cannot be shown: in their language, on the buyers' paper, with a way back."""

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from sessions_app.models import CheckoutSession
from tests.markup import text_of

TOKEN = "pg_" + "0" * 26
PLACES = [f"/pay/{TOKEN}", f"/pay/{TOKEN}/refund?change=ac_1", "/l/pl_1", "/receipt/rc_1/check"]
AWAY, BROKEN = OperationalError("connection refused"), ZeroDivisionError("ours")


@pytest.fixture
def client() -> Client:
    """A German browser, to which our faults are told as they are to all."""
    return Client(raise_request_exception=False, headers={"Accept-Language": "de"})


def breaks(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Whatever a buyer's door looks up."""

    def look_up(*_given: object, **_named: object) -> None:
        raise error

    for finder in ("frame.session_for_buyer", "payment_links.link_for_buyer", "receipts.receipt_at"):
        monkeypatch.setattr(f"sessions_app.pay.{finder}", look_up)


def assert_says(answer: HttpResponse, status: int, sentence: str, *, back: str) -> None:
    page = answer.content.decode()
    assert answer.status_code == status
    assert '<html lang="de"' in page
    assert "css/pay" in page
    assert sentence in text_of(page)
    assert f'<a class="primary" href="{back}">Noch einmal versuchen</a>' in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("place", PLACES)
def test_an_outage_and_a_fault_of_ours_lead_back_to_where_the_buyer_was(
    client: Client, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    breaks(monkeypatch, AWAY)
    away = client.get(place)
    assert_says(away, 503, "Gesendetes Geld ist nicht verloren", back=place)
    assert away["Retry-After"] == "5"
    breaks(monkeypatch, BROKEN)
    assert_says(client.get(place), 500, "Das liegt an uns, nicht an Ihnen", back=place)


def test_a_form_leads_back_to_its_page_and_is_not_sent_twice(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch, AWAY)
    answer = client.post(f"/pay/{TOKEN}/choose", {"asset": "USDC"})
    assert_says(answer, 503, "Nichts wurde getan", back=f"/pay/{TOKEN}")
    assert f'href="/pay/{TOKEN}?lang=fr"' in answer.content.decode()


def test_the_language_chosen_in_the_address_comes_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch, AWAY)
    page = client.get("/l/pl_1?lang=ar").content.decode()
    assert '<html lang="ar" dir="rtl"' in page


@pytest.mark.parametrize("query", ["x=%00", "&".join(f"a{number}=1" for number in range(1001))])
@pytest.mark.django_db
def test_what_cannot_be_read_is_told_in_the_same_way(client: Client, session: CheckoutSession, query: str) -> None:
    page = f"/pay/{session.page_token}"
    assert_says(client.get(f"{page}?{query}"), 400, "nichts wurde abgebucht", back=page)


def test_so_is_a_body_that_is_too_large(client: Client) -> None:
    answer = client.post("/l/pl_1", {"name": "x" * 3_000_000})
    assert_says(answer, 413, "nichts wurde abgebucht", back="/l/pl_1")


@pytest.mark.parametrize("path", ["/pay/", f"/pay/{TOKEN}/nothing", "/pay/\0", "/l/a/b/c", "/receipt/a/b/c"])
def test_an_address_below_theirs_that_leads_nowhere_is_theirs_too(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, '<html lang="de"' in answer.content.decode()) == (404, True)


@pytest.mark.parametrize("place", [f"/pay/{TOKEN}", "/l/pl_1", "/receipt/rc_1"])
def test_of_what_nobody_looked_up_nothing_is_said_but_the_way_back(client: Client, place: str) -> None:
    assert_says(client.get(f"{place}/nothing/there"), 404, "Diese Seite gibt es nicht", back=place)


@pytest.mark.parametrize("path", ["/pay/a/%0d%0aSet-Cookie:%20a=b", "/receipt/a/é", "/l/a/;%20Domain=example.com"])
def test_an_address_that_anybody_wrote_goes_into_no_cookie(client: Client, path: str) -> None:
    answer = client.get(f"{path}?lang=fr")
    assert (answer.status_code, '<html lang="fr"' in answer.content.decode()) == (404, True)
    assert not answer.cookies


@pytest.mark.parametrize("error", [AWAY, BROKEN])
def test_where_the_page_of_a_fault_fails_too_the_plain_one_is_shown(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    breaks(monkeypatch, error)

    def draw(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError("ours as well")

    monkeypatch.setattr("checkout_project.errors.pages.render", draw)
    answer = client.get(PLACES[0])
    assert answer.status_code == 500
    assert "money that was sent is not lost" in text_of(answer.content.decode())


def test_all_others_read_english_without_a_word_of_the_buyers(client: Client) -> None:
    page = client.get("/dashboardx").content.decode()
    assert "There is no such page" in page
    assert "css/pay" not in page
