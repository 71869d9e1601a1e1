"""The account of an xpub: one business in one mode draws its addresses, by one count, and the database says so."""

import re

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from chains_app.receiving.bip32 import payload_of
from chains_app.receiving.xpub import account_fingerprint
from merchants_app.models import Merchant, Treasury, XpubAccount
from merchants_app.treasuries.treasuries import WrongTreasury, set_treasury, take_next_index, treasury_for
from tests.base58 import base58_check
from tests.cast import MIAS_WALLET, OTTOS_WALLET, merchant
from tests.merchants_app.treasuries.test_treasuries import XPUB
from tests.operators import Operator
from tests.races import behind_a_lock, race

RENAMED = base58_check(payload_of(XPUB)[:5] + bytes(4) + payload_of(XPUB)[9:])  # names another parent
OTHER = base58_check(payload_of(XPUB)[:13] + bytes(32) + payload_of(XPUB)[45:])  # the same key, another chain code

REMADE = pytest.mark.moves_everybody("accounts are made anew from all treasuries")


def name(business: Merchant, mode: str = "test", xpub: str = XPUB) -> Treasury:
    return set_treasury(merchant=business, mode=mode, kind="xpub", xpub=xpub, by="m")


def written_by_the_version_before(business: Merchant, *, next_index: int = 0, xpub: str = XPUB) -> int:
    """A row as a process of that version writes it: it knows nothing of accounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO merchants_app_treasury (merchant_id, mode, kind, address, xpub, next_index, active_from,"
            " created_by, created_at) VALUES (%s, 'test', 'xpub', '', %s, %s, now(), 'm', now()) RETURNING id",
            [business.pk, xpub, next_index],
        )
        return int(cursor.fetchone()[0])


def taken_by_the_version_before(treasury: int) -> int:
    """An address index, as a process of that version takes it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE merchants_app_treasury SET next_index = next_index + 1 WHERE id = %s", [treasury])
        cursor.execute("SELECT next_index FROM merchants_app_treasury WHERE id = %s", [treasury])
        return int(cursor.fetchone()[0]) - 1


def counting_for(treasury: Treasury) -> int:
    """The row that the version before counts in: the oldest of the same letters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id) FROM merchants_app_treasury"
            " WHERE xpub = (SELECT xpub FROM merchants_app_treasury WHERE id = %s)",
            [treasury.pk],
        )
        return int(cursor.fetchone()[0])


def nothing() -> None:
    """The lock itself says all."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["test", "live"])
def test_of_two_that_name_an_xpub_at_once_one_has_it(mode: str) -> None:
    mia, otto = merchant("Mia Coffee", MIAS_WALLET), merchant("Otto Oats", OTTOS_WALLET)
    other = otto if mode == "test" else mia
    refusal = behind_a_lock(lambda: name(other, mode, RENAMED), lock=lambda: name(mia), meanwhile=nothing)
    assert isinstance(refusal, WrongTreasury)
    assert "in use already" in str(refusal)
    assert [(each.merchant, each.mode) for each in Treasury.objects.filter(kind="xpub")] == [(mia, "test")]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_each_has_an_index_of_its_own() -> None:
    mia = merchant("Mia Coffee", MIAS_WALLET)
    first = name(mia)
    set_treasury(merchant=mia, mode="test", kind="address", address=MIAS_WALLET, by="m")
    again = name(mia, xpub=RENAMED)
    found = race(*[lambda: take_next_index(first), lambda: take_next_index(again)] * 2)
    assert sorted(map(str, found)) == ["0", "1", "2", "3"]


def test_another_xpub_takes_the_place_of_the_one_before_and_another_spelling_of_it_does_not(mia: Merchant) -> None:
    now = timezone.now()
    for xpub, in_force in ((XPUB, XPUB), (OTHER, OTHER), (XPUB, XPUB), (RENAMED, XPUB)):
        set_treasury(merchant=mia, mode="test", kind="xpub", xpub=xpub, by="m", now=now)
        present = treasury_for(mia, "test", now)
        assert present
        assert present.xpub == in_force


def test_what_is_named_and_refused_leaves_the_account_to_others(mia: Merchant, otto: Merchant) -> None:
    name(mia)
    with pytest.raises(WrongTreasury, match="in use already"):
        name(otto)
    assert name(otto, xpub=OTHER).account != name(mia).account


@pytest.mark.parametrize(("kind", "xpub"), [("xpub", ""), ("address", XPUB)])
def test_the_database_keeps_an_account_with_an_xpub_and_no_other(mia: Merchant, kind: str, xpub: str) -> None:
    account = XpubAccount.objects.create(fingerprint="1", merchant=mia, mode="test")
    row = {"kind": kind, "xpub": xpub, "address": "" if kind == "xpub" else MIAS_WALLET}
    with pytest.raises(IntegrityError, match=r"an_xpub_has_an_account_that_counts|treasury_is_an_address_or_an_xpub"):
        Treasury.objects.create(merchant=mia, mode="test", account=account, active_from=timezone.now(), **row)


@pytest.mark.parametrize("xpub", [XPUB, RENAMED, OTHER])
def test_beside_the_version_before_one_count_holds(mia: Merchant, xpub: str) -> None:
    former = written_by_the_version_before(mia, xpub=xpub)
    assert [taken_by_the_version_before(former) for _ in range(2)] == [0, 1]
    treasury = name(mia, xpub=xpub)
    assert treasury.pk == former
    assert XpubAccount.objects.get(merchant=mia).fingerprint == account_fingerprint(xpub)
    assert [take_next_index(treasury), taken_by_the_version_before(former), take_next_index(treasury)] == [2, 3, 4]


def test_the_version_before_counts_on_in_a_row_of_this_one(mia: Merchant) -> None:
    treasury = name(mia)
    assert take_next_index(treasury) == 0
    again = written_by_the_version_before(mia)
    assert [taken_by_the_version_before(each) for each in (treasury.pk, again)] == [1, 2]


def migrate(to: str = "") -> None:
    """To the newest, unless one is named. What rows were promised is looked at before their tables change, within a
    test's one transaction, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    executor = MigrationExecutor(connection)
    executor.migrate([("merchants_app", to)] if to else executor.loader.graph.leaf_nodes("merchants_app"))


@REMADE
def test_what_the_version_before_counted_goes_on(mia: Merchant, otto: Merchant) -> None:
    migrate("0018_months_closed_to")
    former = [written_by_the_version_before(mia, next_index=index) for index in (5, 0)]
    theirs = written_by_the_version_before(otto, next_index=2, xpub=OTHER)
    at_once = written_by_the_version_before(otto, next_index=7, xpub=RENAMED)  # when none refused it
    migrate("0019_xpub_accounts")
    migrate()
    counts = XpubAccount.objects.order_by("id").values_list("merchant", "mode", "fingerprint", "next_index")
    assert list(counts) == [
        (mia.pk, "test", account_fingerprint(XPUB), 7),
        (otto.pk, "test", account_fingerprint(OTHER), 2),
    ]
    drawn = [take_next_index(Treasury.objects.get(pk=each)) for each in (*former, at_once, theirs)]
    assert drawn == [7, 8, 9, 2]


@REMADE
@pytest.mark.django_db(transaction=True)
def test_who_goes_back_goes_on_counting_for_every_spelling() -> None:
    mia = merchant("Mia Coffee", MIAS_WALLET)
    treasury = name(mia)
    assert [take_next_index(treasury) for _ in range(3)] == [0, 1, 2]
    set_treasury(merchant=mia, mode="test", kind="address", address=MIAS_WALLET, by="m")
    again = name(mia, xpub=RENAMED)
    try:
        migrate("0018_months_closed_to")
        assert [taken_by_the_version_before(counting_for(each)) for each in (again, treasury, again)] == [3, 4, 5]
    finally:
        migrate()
    assert take_next_index(Treasury.objects.get(pk=again.pk)) == 6


def test_operators_see_beside_each_treasury_how_far_its_account_has_come(operator: Operator, mia: Merchant) -> None:
    treasury = name(mia)
    for _ in range(3):
        take_next_index(treasury)
    shown = re.findall(r'field-account__next_index">([^<]+)<', operator.read("merchants_app/treasury/"))
    assert (shown[0], set(shown[1:])) == ("3", {"-"})
