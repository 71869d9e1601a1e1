"""Money for a session that was made after the backup: id and treasury say where it is, and what brings it home."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.collecting.lost import places_of
from sessions_app.models import CheckoutSession, DepositAddress
from sessions_app.paying.quoting import choose_option

pytestmark = pytest.mark.django_db


def test_a_session_that_is_gone_is_where_it_was(
    mia: Merchant, otto: Merchant, session: CheckoutSession, capsys: pytest.CaptureFixture[str]
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    session.refresh_from_db()
    address = session.deposit.address
    call_command("address", session.public_id)
    assert capsys.readouterr().out.startswith(f"{address}\nThis session is known here")
    places = places_of(session.public_id)
    assert {each.treasury.merchant.name: each.address for each in places}["Mia Coffee"] == address
    assert len({each.address for each in places if each.treasury.merchant in {mia, otto}}) == 2


def test_a_contract_that_served_again_is_found_by_its_address(
    session: CheckoutSession, new_session: Callable[..., CheckoutSession], capsys: pytest.CaptureFixture[str]
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    address = CheckoutSession.objects.get(pk=session.pk).deposit.address
    DepositAddress.objects.update_or_create(session=session, defaults={"passed_on_at": timezone.now()})
    DepositAddress.objects.create(
        session=new_session(), address=address, made_for=session.public_id, watch_until=timezone.now(),
        created_at=timezone.now(),
    )  # fmt: skip
    call_command("address", address.lower())
    said = capsys.readouterr().out
    assert f"made for {session.public_id}" in said
    assert f"{address}  of Mia Coffee (test, 0x" in said


@pytest.mark.parametrize(
    ("given", "refusal"), [("0x1234", "40 characters"), ("0x" + "7" * 40, "No session known here had a contract")]
)
def test_an_address_that_is_nobodys_is_said_so(given: str, refusal: str) -> None:
    with pytest.raises(CommandError, match=refusal):
        call_command("address", given)


def test_an_id_that_is_none_is_said_so() -> None:
    with pytest.raises(CommandError, match="no session's id"):
        call_command("address", "cs_short")


def test_of_an_unknown_one_each_business_has_its_address(mia: Merchant, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("address", "cs_" + "0" * 26)
    said = capsys.readouterr().out
    assert "not known here" in said
    assert "if of Mia Coffee (live, 0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f)" in said
