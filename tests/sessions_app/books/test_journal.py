"""The journal for double-entry programs: beancount reads it, and every entry balances."""

from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from django.utils import timezone

from merchants_app.models import Merchant
from sessions_app.books.journal import journal
from sessions_app.models import BookLine, CheckoutSession
from tests.cast import refreshed


@pytest.fixture
def mia(sold: CheckoutSession) -> Merchant:
    return sold.merchant


def test_beancount_reads_the_journal_and_every_entry_balances(
    sold: CheckoutSession, mia: Merchant, tmp_path: Path
) -> None:
    written = tmp_path / "books.beancount"
    written.write_bytes(b"".join(journal(mia, "test", timezone.now().date().replace(day=1))))
    entries, errors, _ = loader.load_file(str(written))
    assert errors == []
    transactions = [entry for entry in entries if hasattr(entry, "postings")]
    assert len(transactions) == BookLine.objects.filter(merchant=mia).count() == 3
    sums: dict[str, Decimal] = {}
    for entry in transactions:
        for posting in entry.postings:
            sums[posting.account] = sums.get(posting.account, Decimal(0)) + posting.units.number
    session = refreshed(sold)
    assert sums["Assets:Tallystick:Wallet:Sandbox:ETH"] == session.payments.get().amount_units.scaleb(-18)
    assert sums["Income:Sales"] < -98


def test_what_is_worth_nothing_is_not_of_unknown_worth_in_the_journal(
    sold: CheckoutSession, mia: Merchant, tmp_path: Path
) -> None:
    line = BookLine.objects.filter(session=sold, kind="received").get()
    line.pk, line.turn, line.amount_units, line.reporting_value = None, 2, Decimal(1), Decimal(0)
    line.save()
    written = tmp_path / "books.beancount"
    written.write_bytes(b"".join(journal(mia, "test", timezone.now().date().replace(day=1))))
    assert "Sandbox:ETH  0.000000000000000001 ETH @@ 0 USD" in written.read_text()
    assert "unknown" not in written.read_text()
    assert loader.load_file(str(written))[1] == []
