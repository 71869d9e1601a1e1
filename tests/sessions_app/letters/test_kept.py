"""A mail program that translates a letter changes its words, and no name, amount, address or network."""

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from merchants_app.models import Merchant
from sessions_app.letters.about import About
from sessions_app.letters.content import content_of
from sessions_app.letters.writing import compose
from sessions_app.models import CheckoutSession, Letter, Refund
from sessions_app.reading.amounts import moment_text
from sessions_app.refunding.address import leave_address
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.refunds import play_refund
from sessions_app.status import LetterKind, RefundKind
from tests.cast import PATS_WALLET, refreshed
from tests.markup import text_of
from tests.sandbox import Sandbox

FACTS = re.compile(r"Mia Coffee|Winter box|\d[\d.,]* ?(?:USDC?|ETH)|Sandbox|0x\w{6,}|\d\d:\d\d")
LATE = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)


@pytest.fixture
def refund(sandbox: Sandbox, session: CheckoutSession) -> Refund:
    """Sent back of a session that was paid too much, and has a wallet to go to."""
    paid = sandbox.play(session, "over", asset="USDC")
    leave_address(refreshed(paid), PATS_WALLET)
    made = ask_for_refund(session=refreshed(paid), amount=RefundKind.EXCESS, address="", actor="mia", reason="Too much")
    play_refund(made, now=timezone.now())
    sandbox.wait(1, paid)
    made.refresh_from_db()
    return made


def test_no_fact_of_any_letter_can_be_translated(refund: Refund) -> None:
    session = refreshed(refund.session)
    for kind in LetterKind:
        about = About(letter=Letter(kind=kind), session=session, refund=refund)
        letter = compose(session, lambda about=about: content_of(about))  # type: ignore[misc]
        [(html, _kind)] = letter.alternatives
        shown = str(html).partition("<body>")[2]
        assert len(FACTS.findall(text_of(shown))) >= 5, kind
        assert FACTS.findall(text_of(re.sub(r'<bdi translate="no">.*?</bdi>', "", shown))) == [], kind
        assert "\u2068" not in f"{letter.subject}{letter.body}{html}"
        assert f"<title>{letter.subject}</title>" in html


def test_the_shops_own_reason_may_be_translated(refund: Refund) -> None:
    about = About(letter=Letter(kind=LetterKind.REFUND_DONE), session=refreshed(refund.session), refund=refund)
    [(html, _kind)] = compose(about.session, lambda: content_of(about)).alternatives
    assert "<p>They say: Too much</p>" in str(html)


@pytest.mark.parametrize(
    ("place", "language", "written"),
    [
        ("UTC", "en", "Nov 22, 2026, 23:05 UTC"),
        ("Africa/Abidjan", "en", "Nov 22, 2026, 23:05 UTC"),
        ("Europe/Lisbon", "en", "Nov 22, 2026, 23:05 UTC"),
        ("America/New_York", "en", "Nov 22, 2026, 23:05 UTC (18:05 New York)"),
        ("Europe/Berlin", "de", "22.11.2026, 23:05 UTC (23.11.2026, 00:05 Berlin)"),
        ("Europe/Warsaw", "pl", "22 lis 2026, 23:05 UTC (23 lis 2026, 00:05 Warszawa)"),
    ],
)
def test_beside_utc_stands_the_clock_of_the_business(place: str, language: str, written: str) -> None:
    with translation.override(language):
        assert moment_text(LATE, place=place) == written


def test_so_it_does_in_a_letter(session: CheckoutSession, mia: Merchant) -> None:
    Merchant.objects.filter(pk=mia.pk).update(time_zone="Asia/Kolkata")
    about = About(letter=Letter(kind=LetterKind.ASKED_TO_PAY), session=refreshed(session))
    assert re.search(
        r"holds until .* UTC \(.*\d\d:\d\d Kolkata\)\.", compose(about.session, lambda: content_of(about)).body
    )
