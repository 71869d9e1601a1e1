"""Creating and listing at their edges: races lost again and again, moments that are equal, words of refusals."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.utils import timezone

from chains_app.networks.networks import payment_options
from merchants_app.models import Merchant
from sessions_app.errors import SwitchedOff
from sessions_app.models import CheckoutSession, Customer
from sessions_app.reading.list_sql import read_newest
from sessions_app.selling.creation import create_session
from tests.cast import Api, agreed, terms

NewSession = Callable[..., CheckoutSession]
CUSTOMERS = Customer._meta.db_table


def lose(races: int) -> None:
    """From now on so many new customers turn out to have been made by somebody else at that moment."""
    with connection.cursor() as cursor:
        # A sequence goes on counting though what it was asked for is undone.
        cursor.execute("CREATE SEQUENCE lost_races")
        cursor.execute(f"""
            CREATE FUNCTION lose_race() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('lost_races') <= {races} THEN
                    RAISE unique_violation USING MESSAGE = 'somebody was quicker';
                END IF;
                RETURN NEW;
            END $$
        """)
        cursor.execute(
            f"CREATE TRIGGER lose_race BEFORE INSERT ON {CUSTOMERS} FOR EACH ROW EXECUTE FUNCTION lose_race()"
        )


def races_run() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM lost_races")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("races", [1, 2])
def test_who_loses_the_race_for_a_new_customer_tries_again(mia: Merchant, races: int) -> None:
    lose(races)
    session = create_session(merchant=mia, mode="test", terms=agreed(email="new@example.com"))
    assert CheckoutSession.objects.get(pk=session.pk).customer.email == "new@example.com"
    assert races_run() == races + 1


def test_who_loses_the_race_three_times_says_so_and_writes_nothing(mia: Merchant) -> None:
    lose(99)
    with pytest.raises(IntegrityError, match="somebody was quicker"):
        create_session(merchant=mia, mode="test", terms=agreed(email="new@example.com"))
    assert races_run() == 3
    assert not CheckoutSession.objects.filter(merchant=mia, email="new@example.com").exists()


def test_a_filter_by_time_leaves_out_the_moment_itself(mia: Merchant, new_session: NewSession) -> None:
    moment, second = timezone.now().replace(microsecond=0), timedelta(seconds=1)
    made = []
    for at in (moment - second, moment, moment + second):
        with time_machine.travel(at, tick=False):
            made.append(new_session().pk)

    def found(**filters: Any) -> list[int]:
        listed = read_newest(mia, "test", filters=filters, metadata={}, below=None, limit=100)
        return [session.id for session in listed if session.id in made]

    assert found(created_after=moment) == [made[2]]
    assert found(created_before=moment) == [made[0]]
    assert found(created_after=moment - second, created_before=moment + second) == [made[1]]


@pytest.mark.parametrize("wrong", [{"0": "ETH"}, 7, True, "", {}])
def test_what_is_no_list_of_assets_is_told_so_with_an_example(api: Api, wrong: object) -> None:
    answer = api.post("checkout", terms(allowedAssets=wrong))
    assert answer.status_code == 400
    assert answer.answer["errors"] == [
        {
            "code": "not_a_list",
            "detail": 'Send a list of asset symbols, such as ["ETH", "USDC"].',
            "attr": "allowedAssets",
        }
    ]


@pytest.mark.parametrize(
    ("wrong", "code", "sentence"),
    [
        ([], "not_an_object", "Send a JSON object: {…}."),
        ({str(n): n for n in range(51)}, "too_many_keys", "At most 50 names; this has 51."),
        ({"a": "x" * 8192}, "too_large", "At most 8192 bytes as JSON."),
        ({"a": ["b\0"]}, "invalid_text", "NUL characters and lone surrogates cannot be stored."),
        ({"a": Decimal("1e41")}, "too_large", "A number's exponent is beyond ±40: send it as text."),
        ({"a": Decimal("0e-41")}, "too_large", "A number's exponent is beyond ±40: send it as text."),
        ({"a": [Decimal("0e41")]}, "too_large", "A number's exponent is beyond ±40: send it as text."),
    ],
)
def test_metadata_that_cannot_be_kept_is_told_why(api: Api, wrong: object, code: str, sentence: str) -> None:
    answer = api.post("checkout", terms(metadata=wrong))
    assert (answer.status_code, answer.answer["errors"]) == (
        400,
        [{"code": code, "detail": sentence, "attr": "metadata"}],
    )


@pytest.mark.parametrize("zero", ["0e-20000", "0e-16383", "0e400", "-0e-400"])
def test_a_zero_is_not_kept_with_thousands_of_digits(api: Api, session: CheckoutSession, zero: str) -> None:
    absurd = {"metadata": {"a": [Decimal(zero)]}}
    for answer in (
        api.post("checkout", terms(**absurd)),
        api.patch(f"checkout/{session.public_id}", absurd),
        api.post("payment-links", {"amount": 5, "currency": "USD", "productName": "Box"} | absurd),
    ):
        assert answer.status_code == 400


def test_where_every_way_to_pay_is_off_that_is_said(mia: Merchant) -> None:
    """As when the operator takes the last network away that a business had left on."""
    mia.ways_off = [option.network.id for option in payment_options("test")]
    with pytest.raises(SwitchedOff) as refused:
        create_session(merchant=mia, mode="test", terms=agreed())
    assert str(refused.value) == (
        "This business has switched off every way to pay. Switched on in test mode: none. Its owners choose in "
        "Dashboard › Settings › Ways to pay."
    )


@pytest.mark.parametrize("kept", [{}, {str(n): n for n in range(50)}, {"a": "x" * (8192 - len('{"a":""}'))}])
def test_metadata_up_to_the_limit_is_kept(api: Api, kept: dict[str, object]) -> None:
    assert api.post("checkout", terms(metadata=kept)).answer["metadata"] == kept


def test_one_asset_may_be_sent_without_its_list_and_twice_is_once(api: Api) -> None:
    assert api.post("checkout", terms(allowedAssets="ETH")).answer["allowedAssets"] == ["ETH"]
    assert api.post("checkout", terms(allowedAssets=["USDC", "ETH", "USDC"])).answer["allowedAssets"] == ["USDC", "ETH"]


@pytest.mark.parametrize(
    ("ahead", "seconds", "expected"),
    [
        (timedelta(minutes=5), -6, 400), (timedelta(minutes=5), -5, 200),
        (timedelta(days=7), 5, 200), (timedelta(days=7), 6, 400),
    ],
)  # fmt: skip
def test_an_end_is_five_minutes_to_seven_days_ahead_and_a_clock_may_be_five_seconds_off(
    api: Api, ahead: timedelta, seconds: int, expected: int
) -> None:
    moment = datetime(2031, 5, 5, 12, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        end = moment + ahead + timedelta(seconds=seconds)
        assert api.post("checkout", terms(expiresAt=end.isoformat())).status_code == expected
