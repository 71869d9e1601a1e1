"""The measuring itself, on the scratch database that `bench.money.export` made."""

import resource
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from bench.tools.figures import figure, least, most
from bench.tools.shop import open_sessions, open_shop
from sessions_app.books.exports import file
from sessions_app.books.journal import journal
from sessions_app.books.statement import statement
from sessions_app.books.wishes import Export, Wish
from sessions_app.books.writing import Style

GOAL, MOST_GROWTH_MB = 20_000, 20
_PAYMENTS = """
INSERT INTO sessions_app_payment (public_id, session_id, merchant_id, mode, network, asset, tx_hash, log_index, sender,
    decimals, amount_units, block_number, block_hash, arrived_at, counts, basis, rate, value, confirmations_needed,
    seen_at, confirmed_at, first_confirmed_at, times_vanished, collected_tx)
SELECT 'pay_' || n, %(session)s, %(merchant)s, 'test', 'sandbox', 'USDC', '0x' || md5(n::text) || md5((-n)::text), 0,
    '0x' || substr(md5(n::text) || md5((-n)::text), 1, 40), 6, 49000000 + n, n, '0x' || md5(n::text),
    now() - n * interval '7 seconds', true, 'quote', 1.0009, (49000000 + n) * 0.0000010009, 5,
    now() - n * interval '7 seconds', now(), now(), 0, ''
FROM generate_series(1, %(count)s) AS n
"""
_LINES = """
INSERT INTO sessions_app_bookline (merchant_id, mode, kind, booked_on, at, network, asset, decimals, amount_units,
    currency, value, rate, rate_sources, rate_at, reporting_currency, reporting_value, reporting_rate,
    reporting_sources, reporting_rate_at, session_id, payment_id, tx_hash, turn)
SELECT merchant_id, mode, 'received', arrived_at::date, arrived_at, network, asset, decimals, amount_units, 'USD',
    value, rate, 'quote qu_0: median of binance, coinbase, kraken', arrived_at, 'USD', value, rate,
    'quote qu_0: median of binance, coinbase, kraken', arrived_at, session_id, id, '', 1
FROM sessions_app_payment
"""


def main() -> int:
    """Prints rows a second and the memory that they took."""
    count = int(sys.argv[1])
    wish, session = shop()
    with connection.cursor() as cursor:
        cursor.execute(_PAYMENTS, {"count": count, "merchant": wish.merchant.pk, "session": session})
        cursor.execute(_LINES)
        cursor.execute("ANALYZE")
    measured(replace(wish, first=timezone.now().date() - timedelta(days=1)), Style())  # some ten thousand
    before, good = memory_mb(), True
    for what, style, name in (
        (Export.PAYMENTS, Style(), "payments, CSV"),
        (Export.PAYMENTS, Style(is_json=True), "payments, JSON lines"),
        (Export.LINES, Style(has_comma=True), "all movements, CSV with commas"),
    ):
        speed, rows, size = measured(replace(wish, what=what), style)
        good &= figure(f"{name}: {rows:,} rows, {size / 1e6:.0f} MB", speed, "rows a second", goal=least(GOAL))
    good &= figure("memory that it takes more", memory_mb() - before, "MB", goal=most(MOST_GROWTH_MB))
    month = timezone.now().date().replace(day=1)
    for name, act in (
        ("statement", lambda: statement(wish.merchant, wish.mode, month, timezone.now())),
        ("journal", lambda: sum(map(len, journal(wish.merchant, wish.mode, month)))),
    ):
        began = time.perf_counter()
        act()
        figure(f"{name} of a month", time.perf_counter() - began, "s")
    return 0 if good else 1


def measured(wish: Wish, style: Style) -> tuple[float, int, int]:
    """Rows a second, rows, bytes."""
    began, rows, size = time.perf_counter(), 0, 0
    for piece in file(wish, style):
        rows += piece.count(b"\n")
        size += len(piece)
    rows -= not style.is_json
    return rows / (time.perf_counter() - began), rows, size


def memory_mb() -> float:
    """The most that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def shop() -> tuple[Wish, int]:
    """A business with one session, and what is wanted of it."""
    now = timezone.now()
    merchant = open_shop(now)
    (session,) = open_sessions(merchant, 1, now=now, ends=now + timedelta(hours=1))
    last = now.date() + timedelta(days=1)
    return Wish(merchant=merchant, mode="test", what=Export.PAYMENTS, first=date(2020, 1, 1), last=last), session.pk


if __name__ == "__main__":
    raise SystemExit(main())
