"""A buyer is spoken to in the language of the own choice or the shop's wish, people of the business in English."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.letters.at_once import name_address
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.paying_again import pay_again
from sessions_app.selling.creation import session_on
from sessions_app.selling.superseding import open_in_place_of
from sessions_app.state import lifecycle
from sessions_app.state.representation import receipt_url
from tests.cast import OTTOS_WALLET, PATS_WALLET, agreed, refreshed
from tests.desk import Desk
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def read(session: CheckoutSession, *, browser: str = "", lang: str = "", client: Client | None = None) -> HttpResponse:
    """The session's page."""
    asked = {"lang": lang} if lang else {}
    answer = (client or Client()).get(f"/pay/{session.page_token}", asked, headers={"Accept-Language": browser})
    assert isinstance(answer, HttpResponse)
    return answer


def got(client: Client, url: str, *, browser: str = "") -> HttpResponse:
    answer = client.get(url, headers={"Accept-Language": browser})
    assert isinstance(answer, HttpResponse)
    return answer


def language_of(answer: HttpResponse) -> str:
    return answer.content.decode().split('<html lang="')[1].split('"')[0]


@pytest.fixture
def in_french(session: CheckoutSession) -> CheckoutSession:
    session.locale = "fr-CA"
    session.save()
    return session


@pytest.fixture
def link(mia: Merchant) -> PaymentLink:
    return PaymentLink.objects.create(
        merchant=mia, mode="test", amount=Decimal(12), currency="EUR", product_name="Stoneware mug"
    )


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


def test_the_buyers_choice_comes_before_the_shops_for_all_that_they_read_of_this_payment(
    in_french: CheckoutSession, large_session: CheckoutSession
) -> None:
    client = Client()
    assert language_of(read(in_french, lang="ja", client=client)) == "ja"
    assert client.cookies == {}  # none would come in a shop's frame
    assert language_of(read(in_french)) == "ja"
    assert language_of(got(Client(), f"/pay/{in_french.page_token}/refund")) == "ja"
    assert "何で支払いますか" in got(Client(), f"/pay/{in_french.page_token}/status").content.decode()
    assert refreshed(in_french).language == "ja"  # of letters
    assert language_of(read(large_session)) == "en"


def test_who_looks_in_from_the_business_chooses_nothing_for_its_buyer(desk: Desk, session: CheckoutSession) -> None:
    assert language_of(read(session, lang="ja", client=desk.client)) == "ja"
    assert refreshed(session).buyer_language == ""


def test_the_choice_reaches_the_receipt_whose_readers_change_nothing_for_the_buyer(
    session: CheckoutSession, sandbox: Sandbox
) -> None:
    paid = sandbox.play(session, "exact")
    read(paid, lang="pl")
    url = receipt_url(paid).removeprefix(settings.PUBLIC_URL)
    reader = Client()
    assert language_of(got(reader, url)) == "pl"
    assert language_of(got(reader, f"{url}/check?lang=it")) == "it"
    assert language_of(got(reader, url)) == "it"  # their own browser's
    assert language_of(got(Client(), url)) == "pl"
    assert refreshed(paid).buyer_language == "pl"


def test_what_the_buyer_of_a_payment_link_reads_there_they_go_on_reading(link: PaymentLink) -> None:
    client = Client()
    assert language_of(got(client, f"/l/{link.public_id}?lang=tr")) == "tr"
    buyer = {"name": "Pat", "email": "pat@example.com"}
    paying = client.post(f"/l/{link.public_id}", buyer, headers={"Accept-Language": "de"})  # in the language chosen
    assert language_of(got(Client(), paying["Location"])) == "tr"
    assert CheckoutSession.objects.get(payment_link=link).language == "tr"


def test_a_link_speaks_the_businesss_own_language_to_who_speaks_none_of_ours(mia: Merchant, link: PaymentLink) -> None:
    Merchant.objects.filter(pk=mia.pk).update(language="nl")
    assert language_of(got(Client(), f"/l/{link.public_id}", browser="fi")) == "nl"
    assert language_of(got(Client(), f"/l/{link.public_id}", browser="fr")) == "fr"


def test_who_pays_again_or_another_cart_goes_on_in_the_same_language(mia: Merchant, session: CheckoutSession) -> None:
    read(session, lang="he")
    dearer = session_on(mia, "test", agreed(amount=Decimal(60)))
    open_in_place_of(refreshed(session), dearer, actor="mia", renames_customer=False, allow_repeat=False)
    assert language_of(read(dearer)) == "he"
    moved = read(session, lang="id")  # the page that was open has the former's address
    assert moved["Location"] == f"/pay/{dearer.page_token}?lang=id"
    lifecycle.cancel(dearer, actor="buyer")
    CheckoutSession.objects.filter(pk=dearer.pk).update(allow_pay_again=True)
    assert pay_again(refreshed(dearer), now=timezone.now()).buyer_language == "he"


@pytest.mark.parametrize("nonsense", ["xx", "de'--", "a" * 600, "../../etc", "zz-ZZ-zz"])
def test_what_is_no_language_is_passed_over(in_french: CheckoutSession, nonsense: str) -> None:
    answer = read(in_french, lang=nonsense)
    assert (answer.status_code, language_of(answer)) == (200, "fr")
    assert refreshed(in_french).buyer_language == ""


def test_the_choice_is_made_by_links_that_keep_what_the_page_shows_and_repeat_nothing_else(
    session: CheckoutSession,
) -> None:
    url = f"/pay/{session.page_token}"
    page = Client().get(url, {"from": "exchange", "x": "<script>", "lang": "fr"}).content.decode()
    assert f'href="{url}?from=exchange&amp;lang=de"' in page
    assert page.count("hreflang=") == 14
    refused = Client().post(f"{url}/choose", {"asset": "none"})  # whose own address answers forms alone
    assert (refused.status_code, f'href="{url}?lang=de"' in refused.content.decode()) == (409, True)


def test_the_form_for_a_code_is_there_in_the_other_language_too(session: CheckoutSession, sandbox: Sandbox) -> None:
    paid = sandbox.play(session, "over")
    for address in (PATS_WALLET, OTTOS_WALLET):
        change = name_address(refreshed(paid), address, now=timezone.now())
    assert change
    url = f"/pay/{paid.page_token}/refund?change={change.public_id}"
    assert f'href="?change={change.public_id}&amp;lang=de"' in got(Client(), url).content.decode()
    assert 'name="code"' in got(Client(), f"{url}&lang=de").content.decode()


@pytest.mark.parametrize("place", ["pay", "l", "receipt"])
def test_a_page_that_does_not_exist_speaks_the_browsers_language(place: str) -> None:
    answer = Client().get(f"/{place}/" + "0" * 40, headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert '<html lang="es"' in answer.content.decode()


def test_people_of_the_business_are_spoken_to_in_english_whatever_they_browse_in() -> None:
    page = Client().post("/accounts/login/", {"login": ""}, headers={"Accept-Language": "ja"}).content.decode()
    assert '<html lang="en"' in page
    assert "This field is required." in page
