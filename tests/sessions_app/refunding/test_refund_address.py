"""The first refund address is free; another one needs the code from the buyer's mailbox, and the merchant is told."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from merchants_app.models import AuditEntry
from sessions_app.letters.at_once import name_address
from sessions_app.models import AddressChange, CheckoutSession
from sessions_app.models.refund import Refund
from sessions_app.paying.quoting import choose_option
from sessions_app.refunding.address import CodeOver, WrongCode, change_of, confirm_change, latest_change, new_code
from sessions_app.refunding.mails import NotMailed
from sessions_app.refunding.refunds import prepare_refund
from sessions_app.refunding.wishes import Wish, Worth
from sessions_app.selling.creation import create_session
from sessions_app.state.lifecycle import lock
from sessions_app.status import RefundKind
from tests.cast import MIAS_WALLET, OTTOS_WALLET, PATS_WALLET, agreed, merchant, refreshed
from tests.desk import Desk
from tests.mail_server import mail_server
from tests.markup import text_of
from tests.races import behind_a_lock, race
from tests.sandbox import Sandbox
from tests.strangers.world import own


@pytest.fixture
def paid(sandbox: Sandbox, session: CheckoutSession) -> CheckoutSession:
    """Too much came, and Pat left an address."""
    overpaid = sandbox.play(session, "over", asset="USDC")
    assert name_address(overpaid, PATS_WALLET, now=timezone.now()) is None
    return refreshed(overpaid)


def page_of(session: CheckoutSession) -> str:
    return f"/pay/{session.page_token}/refund"


def ask(client: Client, session: CheckoutSession, address: str = OTTOS_WALLET) -> str:
    """Somebody wants another address; the page that then asks for the code."""
    answer = client.post(page_of(session), {"address": address})
    assert answer.status_code == 303, answer.content.decode()
    return str(answer.headers["Location"])


def mailed_code() -> str:
    """From the newest letter to Pat."""
    letter = next(letter for letter in reversed(mail.outbox) if letter.to == ["pat@example.com"])
    return re.findall(r"^Code: (\d{6})$", str(letter.body), re.MULTILINE)[0]


def another(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_first_address_is_free(client: Client, sandbox: Sandbox, session: CheckoutSession) -> None:
    sandbox.play(session, "over")
    assert client.post(page_of(session), {"address": PATS_WALLET}).headers["Location"] == page_of(session)
    assert refreshed(session).refund_address == PATS_WALLET
    assert client.post(page_of(session), {"address": PATS_WALLET}).headers["Location"] == page_of(session)
    assert mail.outbox == []


def test_another_address_waits_for_the_code(client: Client, paid: CheckoutSession) -> None:
    asking = ask(client, paid)
    assert refreshed(paid).refund_address == PATS_WALLET
    html = client.get(asking).content.decode()
    assert "p•••@example.com" in html
    assert "pat@example.com" not in html
    [letter] = mail.outbox
    assert letter.to == ["pat@example.com"]
    assert letter.subject == "Mia Coffee: the code for another refund address"
    assert OTTOS_WALLET in letter.body
    assert PATS_WALLET in letter.body
    assert "A code holds for 10 minutes." in letter.body
    code = mailed_code()
    [(html_part, kind)] = letter.alternatives
    assert (code in html_part, kind) == (True, "text/html")
    assert code not in html
    assert code not in own(AddressChange).get().code_digest
    answer = client.post(asking, {"code": f" {code[:3]} {code[3:]} "})
    assert (answer.status_code, answer.headers["Location"]) == (303, page_of(paid))
    assert refreshed(paid).refund_address == OTTOS_WALLET
    assert OTTOS_WALLET in text_of(client.get(page_of(paid)).content.decode())


def test_the_code_comes_in_the_language_that_its_buyer_reads(client: Client, paid: CheckoutSession) -> None:
    client.get(f"/pay/{paid.page_token}?lang=de")
    ask(client, paid)
    assert mail.outbox[-1].subject == "Mia Coffee: der Code für eine andere Adresse Ihrer Erstattung"
    assert re.search(r"^Code: \d{6}$", str(mail.outbox[-1].body), re.MULTILINE)


def test_a_stranger_with_the_page_but_not_the_mailbox_changes_nothing(client: Client, paid: CheckoutSession) -> None:
    asking = ask(client, paid, MIAS_OTHER)
    wrong = another(mailed_code())
    said = []
    for _ in range(5):
        answer = client.post(asking, {"code": wrong})
        assert answer.status_code == 400
        said += re.findall(r"(\w+ (?:tries|try) (?:are|is) left)", answer.content.decode())
    assert said == ["4 tries are left", "3 tries are left", "2 tries are left", "1 try is left", "No try is left"]
    answer = client.post(asking, {"code": mailed_code()})
    assert answer.status_code == 409
    assert "no longer holds" in answer.content.decode()
    assert refreshed(paid).refund_address == PATS_WALLET


def test_codes_are_mailed_a_few_times_only(client: Client, paid: CheckoutSession, sandbox: Sandbox) -> None:
    for hour in range(3):
        for _ in range(3 if hour < 2 else 0):
            ask(client, paid)
        answer = client.post(page_of(paid), {"address": OTTOS_WALLET})
        assert answer.status_code == 409
        assert "Several codes were mailed" in answer.content.decode()
        sandbox.skip(minutes=61)
    assert len(mail.outbox) == 6
    sandbox.skip(hours=24)
    ask(client, paid)


@pytest.mark.parametrize(("seconds", "holds"), [(599, True), (601, False)])
def test_a_code_holds_ten_minutes(
    client: Client, paid: CheckoutSession, sandbox: Sandbox, seconds: int, *, holds: bool
) -> None:
    asking = ask(client, paid)
    sandbox.skip(seconds=seconds)
    assert client.post(asking, {"code": mailed_code()}).status_code == (303 if holds else 409)
    assert refreshed(paid).refund_address == (OTTOS_WALLET if holds else PATS_WALLET)


def test_a_code_is_good_for_its_own_address_once(client: Client, paid: CheckoutSession) -> None:
    mine, code = ask(client, paid), mailed_code()
    theirs = ask(client, paid, MIAS_OTHER)
    assert client.post(theirs, {"code": code}).status_code == 400
    assert client.post(mine, {"code": code}).status_code == 303
    assert client.post(mine, {"code": code}).status_code == 303  # the button pressed twice
    done = own(AddressChange).earliest("id")
    assert (done.code_digest, change_of(refreshed(paid), done.public_id)) == ("", None)  # there is no code any more
    assert client.post(theirs, {"code": mailed_code()}).status_code == 409  # it was to replace another address
    assert refreshed(paid).refund_address == OTTOS_WALLET


def test_a_code_of_another_session_changes_nothing(
    client: Client, paid: CheckoutSession, new_session: Any, sandbox: Sandbox
) -> None:
    other = sandbox.play(new_session(), "over")
    name_address(other, PATS_WALLET, now=timezone.now())
    change = ask(client, paid).partition("?")[2]
    assert client.post(f"{page_of(other)}?{change}", {"code": mailed_code()}).status_code == 409
    assert "From now on" not in client.get(f"{page_of(other)}?{change}").content.decode()
    assert refreshed(other).refund_address == refreshed(paid).refund_address == PATS_WALLET


def test_a_letter_that_did_not_leave_asks_for_no_code(paid: CheckoutSession, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        server.to_reader["pat@example.com"] = "450 4.2.0 later"
        for _ in range(4):  # none of which counts as mailed
            with pytest.raises(NotMailed, match="could not be mailed"):
                name_address(paid, OTTOS_WALLET, now=timezone.now())
    assert own(AddressChange).count() == 0


def test_the_merchant_is_told_and_sees_the_former_address(
    client: Client, paid: CheckoutSession, desk: Desk, django_capture_on_commit_callbacks: Any
) -> None:
    refund = prepared(paid)
    signing = f"sessions/{paid.public_id}/refund/{refund.public_id}"
    assert "has changed the address" not in desk.read(signing)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(ask(client, paid), {"code": mailed_code()})
    to_mia = mail.outbox[-1]
    assert to_mia.to == ["mia@example.com"]
    assert to_mia.subject == "Mia Coffee: a buyer changed where a refund goes"
    for words in (OTTOS_WALLET, PATS_WALLET, "withdraw it and prepare it anew"):
        assert words in to_mia.body
    for page in (f"sessions/{paid.public_id}", f"sessions/{paid.public_id}/refund"):
        assert f"Before: {PATS_WALLET}" in desk.read(page)
    assert "to the former address" in desk.read(f"sessions/{paid.public_id}/refund")
    assert "The buyer has changed the address since this was prepared." in desk.read(signing)
    for problem in ("", "This transaction failed on the network."):
        Refund.objects.filter(pk=refund.pk).update(told_tx="0x" + "ab" * 32, told_problem=problem)
        assert ("to the former address" in desk.read(f"sessions/{paid.public_id}/refund")) == bool(problem)
        assert ("Withdraw it and prepare it anew." in desk.read(signing)) == bool(problem)
    assert PATS_WALLET in refreshed(paid).timeline.last().reason
    line = AuditEntry.objects.filter(action="refund.address").latest("id")
    assert (line.actor, line.detail) == ("buyer's page", {"before": PATS_WALLET, "to": OTTOS_WALLET})
    # To the address that is replaced next nothing is prepared, and to the one after that something that was withdrawn.
    for address in (MIAS_OTHER, PATS_WALLET):
        with django_capture_on_commit_callbacks(execute=True):
            client.post(ask(client, paid, address), {"code": mailed_code()})
        assert refreshed(paid).refund_address == address
        assert mail.outbox[-1].to == ["mia@example.com"]
        assert "prepare it anew" not in mail.outbox[-1].body
        Refund.objects.filter(pk=refund.pk).update(to_address=address, status="withdrawn", withdrawn_at=timezone.now())


def test_a_page_whose_address_is_its_id_is_no_secret_so_its_first_address_needs_a_code(
    client: Client, sandbox: Sandbox, session: CheckoutSession, desk: Desk
) -> None:
    sandbox.play(session, "over")
    CheckoutSession.objects.filter(pk=session.pk).update(page_token=session.public_id)
    old = refreshed(session)
    asking = ask(client, old)
    assert refreshed(session).refund_address == ""
    assert client.post(asking, {"code": mailed_code()}).status_code == 303
    assert refreshed(session).refund_address == OTTOS_WALLET
    assert "Changed by the buyer" not in desk.read(f"sessions/{session.public_id}/refund")


def test_codes_are_six_digits_of_which_each_varies() -> None:
    codes = [new_code() for _ in range(200)]
    assert {len(code) for code in codes} == {6}
    assert [len(set(digits)) for digits in zip(*codes, strict=True)] == [10] * 6


def test_of_several_changes_the_one_that_was_taken_last_is_told(session: CheckoutSession) -> None:
    now = timezone.now()
    for former, taken_at in (
        (PATS_WALLET, now - timedelta(minutes=2)),
        (OTTOS_WALLET, now - timedelta(minutes=1)),
        (MIAS_WALLET, now - timedelta(minutes=3)),
        (MIAS_OTHER, None),  # it waits for its code
        ("", now),  # the first address replaces none
    ):
        AddressChange.objects.create(
            session=session, former=former, address=MIAS_WALLET, asked_at=now, taken_at=taken_at
        )
    latest = latest_change(session)
    assert latest
    assert latest.former == OTTOS_WALLET


@pytest.fixture
def kept(transactional_db: None) -> CheckoutSession:
    """A session with an address, for several database connections at once."""
    session = create_session(merchant=merchant("Mia Coffee", MIAS_WALLET), mode="test", terms=agreed())
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    CheckoutSession.objects.filter(pk=session.pk).update(refund_address=PATS_WALLET)
    return refreshed(session)


def test_many_who_ask_at_once_get_three_letters(kept: CheckoutSession) -> None:
    answers = race(*[lambda: name_address(refreshed(kept), OTTOS_WALLET, now=timezone.now())] * 8)
    assert [sum(isinstance(answer, kind) for answer in answers) for kind in (AddressChange, NotMailed)] == [3, 5]
    assert len(mail.outbox) == 3


def test_many_guesses_at_once_are_five(kept: CheckoutSession) -> None:
    session = kept
    change = AddressChange.objects.create(
        session=session, former=PATS_WALLET, address=OTTOS_WALLET, code_digest="0" * 64, asked_at=timezone.now()
    )
    answers = race(*[lambda: confirm_change(session, change.public_id, "123456", now=timezone.now())] * 12)
    assert [sum(isinstance(answer, kind) for answer in answers) for kind in (WrongCode, CodeOver)] == [5, 7]


def test_the_button_pressed_twice_at_once_changes_the_address_once(kept: CheckoutSession) -> None:
    change = name_address(kept, OTTOS_WALLET, now=timezone.now())
    assert change

    def press(code: str = mailed_code()) -> None:
        confirm_change(refreshed(kept), change.public_id, code, now=timezone.now())

    assert behind_a_lock(press, lock=lambda: lock(kept.pk), meanwhile=press) is None
    assert refreshed(kept).refund_address == OTTOS_WALLET
    assert AuditEntry.objects.filter(action="refund.address", subject=kept.public_id).count() == 1


MIAS_OTHER = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"


def prepared(session: CheckoutSession) -> Refund:
    """The excess, to the address that stands."""
    return prepare_refund(
        session=session,
        wish=Wish(network="sandbox", asset="USDC", what=Worth(RefundKind.EXCESS)),
        actor="mia@example.com",
        now=timezone.now(),
    )
