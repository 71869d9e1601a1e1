"""A business offers some languages: no page and no letter of its buyers is in another, whoever asks for it."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from common.network.languages import Offer
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.words import NotOnOffer
from merchants_app.frame.audit_lines import Change, by_day
from merchants_app.models import AuditEntry, Merchant
from sessions_app.letters.sending import send_letters
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.state.representation import receipt_url
from tests.cast import Api, refreshed, terms
from tests.desk import Desk
from tests.markup import text_of
from tests.merchants_app.businesses.test_business_pages import SETTINGS
from tests.sandbox import Sandbox
from tests.strangers.world import own

pytestmark = pytest.mark.django_db


def offers(merchant: Merchant, *languages: str, own: str = "") -> None:
    change_settings(merchant=merchant, actor="mia@example.com", languages=list(languages), language=own)


def got(url: str, *, browser: str = "", client: Client | None = None) -> HttpResponse:
    answer = (client or Client()).get(url, headers={"Accept-Language": browser})
    assert isinstance(answer, HttpResponse)
    return answer


def language_of(answer: HttpResponse) -> str:
    return answer.content.decode().split('<html lang="')[1].split('"')[0]


def to_choose(answer: HttpResponse) -> list[str]:
    return re.findall(r'hreflang="([^"]+)"', answer.content.decode())


def page_of(session: CheckoutSession) -> str:
    return f"/pay/{session.page_token}"


@pytest.mark.parametrize(
    ("chosen", "own", "wishes", "spoken"),
    [
        ([], "", [], "en"), ([], "de", [], "de"), ([], "de", ["fr"], "fr"), ([], "de", ["tlh", "ja"], "ja"),
        (["de", "en"], "", ["fr"], "en"), (["de", "en"], "de", ["fr", "it"], "de"),
        (["de", "en"], "de", ["fr", "en"], "en"), (["pt-br"], "pt-br", ["pt-PT"], "pt-br"),
        (["de"], "de", ["de-AT"], "de"), (["de"], "de", ["", "x" * 600, "../.."], "de"),
        # As nobody can set it: one that we speak no more, and one that was taken off.
        (["tlh"], "tlh", ["fr"], "fr"), (["tlh", "ja", "de"], "fr", [], "de"),
    ],
)  # fmt: skip
def test_the_first_wish_that_is_on_offer_is_met_else_the_business_speaks_its_own(
    chosen: list[str], own: str, wishes: list[str], spoken: str
) -> None:
    assert Offer(chosen, own).nearest(*wishes) == spoken


@pytest.mark.parametrize(
    ("locale", "browser", "asked", "spoken"),
    [
        ("fr", "", "", "de"), ("fr", "it,en;q=0.5", "", "en"), ("", "fr,de;q=0.5", "", "de"), ("en", "de", "", "en"),
        ("", "", "?lang=fr", "de"), ("en", "", "?lang=fr", "en"), ("fr", "", "?lang=en", "en"), ("", "*", "", "de"),
    ],
)  # fmt: skip
def test_a_session_is_read_in_what_is_on_offer(
    mia: Merchant, session: CheckoutSession, locale: str, browser: str, asked: str, spoken: str
) -> None:
    offers(mia, "de", "en", own="de")
    CheckoutSession.objects.filter(pk=session.pk).update(locale=locale)
    page = got(page_of(session) + asked, browser=browser)
    assert (language_of(page), to_choose(page)) == (spoken, ["en", "de"])
    assert language_of(got(f"{page_of(session)}/refund{asked}", browser=browser)) == spoken
    assert refreshed(session).buyer_language == ("en" if asked == "?lang=en" else "")


def test_the_api_takes_each_locale_as_before_and_says_it_again(mia: Merchant, api: Api) -> None:
    offers(mia, "de", own="de")
    made = api.post("checkout", terms(locale="fr-CA"))
    assert (made.status_code, made.json()["locale"]) == (200, "fr-CA")
    session = CheckoutSession.objects.get(public_id=made.json()["id"])
    assert (session.language, language_of(got(page_of(session)))) == ("de", "de")


def test_where_there_is_one_language_there_is_nothing_to_choose(mia: Merchant, session: CheckoutSession) -> None:
    offers(mia, "ar", own="ar")
    page = got(page_of(session), browser="en")
    assert (language_of(page), to_choose(page)) == ("ar", [])
    assert 'class="lang"' not in page.content.decode()


def test_what_was_chosen_comes_back_once_it_is_on_offer_again(mia: Merchant, session: CheckoutSession) -> None:
    got(f"{page_of(session)}?lang=fr")
    offers(mia, "de", "en", own="de")
    assert language_of(got(page_of(session))) == "de"
    offers(mia)
    assert language_of(got(page_of(session))) == "fr"


def test_an_open_page_hears_of_it_and_says_what_it_is_written_in(mia: Merchant, session: CheckoutSession) -> None:
    status = f"{page_of(session)}/status"
    CheckoutSession.objects.filter(pk=session.pk).update(locale="ar")
    before = got(status)
    assert 'lang="ar" dir="rtl"' in " ".join(before.content.decode().split())
    client = Client()
    assert client.get(status, headers={"If-None-Match": before["ETag"]}).status_code == 304
    offers(mia, "de", own="de")
    after = client.get(status, headers={"If-None-Match": before["ETag"]})
    assert 'lang="de" dir="ltr"' in " ".join(after.content.decode().split())
    assert "Womit zahlen Sie?" in after.content.decode()


def test_a_payment_link_and_its_poster_speak_it_and_so_does_what_is_begun_there(mia: Merchant) -> None:
    link = PaymentLink.objects.create(
        merchant=mia, mode="test", amount=Decimal(12), currency="EUR", product_name="Stoneware mug"
    )
    client, url = Client(), f"/l/{link.public_id}"
    got(f"{url}?lang=fr", client=client)
    offers(mia, "it", "nl", own="nl")
    for place in (url, f"{url}/poster"):
        assert language_of(got(f"{place}?lang=fr", browser="fr", client=client)) == "nl"
    assert language_of(got(url, browser="fr,it;q=0.1", client=client)) == "it"
    assert to_choose(got(url)) == ["it", "nl"]
    begun = client.post(url, {"name": "Pat", "email": "pat@example.com"}, headers={"Accept-Language": "fr"})
    assert language_of(got(begun["Location"])) == "nl"


@pytest.mark.parametrize(
    ("asked", "browser", "kept", "later"),
    [
        ("", "fi", "", "de"), ("", "fr", "fr", "fr"), ("", "fr,it;q=0.1", "it", "it"), ("?lang=tr", "fi", "tr", "tr"),
        ("?lang=it", "fr", "it", "it"), ("", "", "", "de"), ("", "xx,*", "", "de"),
    ],
)  # fmt: skip
def test_what_a_buyer_wished_for_at_a_link_is_kept_and_never_what_stood_in_for_it(
    mia: Merchant, asked: str, browser: str, kept: str, later: str
) -> None:
    link = PaymentLink.objects.create(merchant=mia, mode="test", amount=Decimal(12), currency="EUR", product_name="Mug")
    offers(mia, "it", "nl", own="nl")
    buyer = {"name": "Pat", "email": "pat@example.com"}
    begun = Client().post(f"/l/{link.public_id}{asked}", buyer, headers={"Accept-Language": browser})
    assert CheckoutSession.objects.get(payment_link=link).buyer_language == kept
    assert language_of(got(begun["Location"])) == ("it" if kept == "it" else "nl")
    offers(mia, own="de")
    assert language_of(got(begun["Location"])) == later


def test_a_receipt_and_the_letter_with_it_are_in_it(mia: Merchant, session: CheckoutSession, sandbox: Sandbox) -> None:
    offers(mia, "de", "en", own="de")
    CheckoutSession.objects.filter(pk=session.pk).update(locale="fr", email="mia@example.com")
    paid = sandbox.play(refreshed(session), "exact")
    send_letters(timezone.now())
    [letter] = mail.outbox
    assert "Ihr Beleg von Mia Coffee" in letter.subject
    receipt = receipt_url(paid).removeprefix(settings.PUBLIC_URL)
    client = Client()
    assert language_of(got(receipt, browser="fr")) == "de"
    assert language_of(got(f"{receipt}?lang=fr", client=client)) == "de"
    assert client.cookies == {}
    assert language_of(got(f"{receipt}/check?lang=en")) == "en"
    assert to_choose(got(receipt)) == ["en", "de"]


def test_the_page_of_a_fault_speaks_as_the_page_would_have(
    mia: Merchant, session: CheckoutSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    offers(mia, "pl", "de", own="pl")

    def breaks(*_given: object, **_named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sessions_app.pay.views.pay_page", breaks)
    client = Client(raise_request_exception=False)
    broken = got(page_of(session), browser="fr", client=client)
    assert (broken.status_code, language_of(broken), to_choose(broken)) == (500, "pl", ["de", "pl"])
    nowhere = got("/pay/pg_nobody", browser="fr")
    assert (nowhere.status_code, language_of(nowhere), len(to_choose(nowhere))) == (404, "fr", 14)


def test_a_form_from_elsewhere_is_refused_in_it(mia: Merchant, session: CheckoutSession) -> None:
    offers(mia, "pl", own="pl")
    refused = Client().post(f"{page_of(session)}/cancel", headers={"Origin": "https://evil.example"})
    assert isinstance(refused, HttpResponse)
    assert (refused.status_code, language_of(refused)) == (403, "pl")


def test_it_is_set_line_by_line_and_read_in_the_log_as_it_is_called(desk: Desk, mia: Merchant) -> None:
    assert desk.post("settings", **SETTINGS | {"languages": ["pl", "de", "pl"], "language": "pl"}).status_code == 302
    mia.refresh_from_db()
    assert (mia.languages, mia.language) == (["de", "pl"], "pl")
    entry = own(AuditEntry).get(action="settings.changed")
    [(_, [line])] = by_day([entry])
    assert Change("languages on offer", "all", "German, Polish") in line.changes
    assert Change("language where the buyer's is not on offer", "English", "Polish") in line.changes
    page = desk.read("settings")
    assert re.findall(r'name="languages" value="([^"]+)"[^>]* checked', page) == ["de", "pl"]
    assert desk.post("settings", **SETTINGS).status_code == 302
    mia.refresh_from_db()
    assert (mia.languages, mia.language) == ([], "")


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({"languages": []}, "languages", "Offer at least one language."),
        ({"languages": ["tlh"]}, "languages", "tlh is not one of the available choices."),
        ({"languages": ["de", "pl"]}, "language", "Choose one of the languages on offer: German, Polish."),
        ({"languages": ["de"], "language": "fr"}, "language", "Choose one of the languages on offer: German."),
    ],
)
def test_one_is_on_offer_at_least_and_one_of_them_is_for_all_others(
    desk: Desk, mia: Merchant, form: dict[str, Any], field: str, sentence: str
) -> None:
    answer = desk.post("settings", **SETTINGS | form)
    assert list(answer.context["form"].errors) == [field]
    assert sentence in text_of(answer.content.decode())
    mia.refresh_from_db()
    assert mia.languages == []


@pytest.mark.parametrize("wrong", [{"languages": ["tlh"]}, {"languages": ["de"]}, {"language": "tlh"}])
def test_the_rule_holds_for_every_door(mia: Merchant, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotOnOffer):
        change_settings(merchant=mia, actor="mia", **wrong)


def test_a_language_that_we_no_longer_speak_stops_no_other_change(mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(languages=["tlh"], language="tlh")
    assert change_settings(merchant=mia, actor="mia", name="Mia Tea") == ["name"]


def test_only_owners_set_it_and_all_others_see_it(colleague: Callable[..., Desk], mia: Merchant) -> None:
    for role in ("developer", "support", "viewer"):
        desk = colleague(role)
        assert desk.post("settings", **SETTINGS | {"languages": ["en"]}).status_code == 403
        assert 'name="languages" value="de"' in desk.read("settings")
    mia.refresh_from_db()
    assert mia.languages == []


def test_the_preview_speaks_what_is_typed(desk: Desk, mia: Merchant) -> None:
    typed = SETTINGS | {"languages": ["de", "it"], "language": "it", "step": "choose"}
    shown = desk.post("settings/preview", **typed)
    assert (language_of(shown), to_choose(shown)) == ("it", ["de", "it"])
    half = desk.post("settings/preview", **typed | {"languages": []})
    assert (language_of(half), len(to_choose(half))) == ("it", 14)
    mia.refresh_from_db()
    assert (mia.languages, mia.language) == ([], "")


def test_a_session_made_by_hand_is_in_one_that_is_on_offer(desk: Desk, mia: Merchant) -> None:
    offers(mia, "de", "en", own="de")
    page = desk.read("new-session")
    assert '<option value="de">' in page
    assert '<option value="fr">' not in page


def test_one_businesss_languages_are_nobody_elses(mia: Merchant, otto: Merchant, session: CheckoutSession) -> None:
    offers(otto, "ja", own="ja")
    assert language_of(got(page_of(session), browser="fr")) == "fr"
