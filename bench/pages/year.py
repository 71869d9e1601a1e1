"""A year of a business as rows: one session with all that belongs to it is written by the rules, and copied by SQL.

Three other businesses sell beside it, a seventeenth of that each. Indexes are made at the end, all of a table at once:
so a million sessions take minutes.
"""

import os
import time
from datetime import datetime

import psycopg
from django.db import connection
from django.utils import timezone

from bench.tools.shop import TERMS, open_shop
from chains_app.calls.readers import reader_for
from chains_app.networks.networks import network
from merchants_app.models import Merchant
from sessions_app.models import CheckoutSession, PaymentLink
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.scenarios import simulate
from sessions_app.selling.creation import create_session
from sessions_app.watching.watcher import watch

BUYERS = 50_000
WAITING_DAYS = 28
# Of so many sessions in a row, so many are the business's own. Buyers are a multiple: each buys at one business.
IN_A_ROW, OWN = 20, 17

# Of the copy with the number `n` of `total`: ids that no other has, times over the year, the newest last.
_AT = "now() - interval '365 days' * (({total} - n)::float / {total})"
_NAME = "lpad(n::text, 26, '0')"
_ODD = "(n % {decides} = 0 AND n % 100 < 69)"
_PAID = "n % 100 < 69"
_COLLECTED = f"({_PAID} AND {_AT} < now() - interval '{WAITING_DAYS} days')"
_HASH = "'0x' || lpad(to_hex(n), 64, '0')"
_COLLECTION = "'0xc' || lpad(to_hex(n / 100), 63, '0')"  # of some dozens of payments
_ASSET = "(ARRAY['USDC', 'USDT', 'ETH'])[1 + n % 3]"
_CURRENCY = "CASE n % 7 WHEN 3 THEN 'EUR' ELSE 'USD' END"
_BUSINESS = f"one.merchant_id + CASE WHEN {{n}} % {IN_A_ROW} < {OWN} THEN 0 ELSE {{n}} % {IN_A_ROW} - {OWN - 1} END"
_MERCHANT = _BUSINESS.replace("{n}", "n")
_LINE = {
    "session_id": "{base} + n", "payment_id": "{base} + n", "merchant_id": _MERCHANT, "booked_on": f"({_AT})::date",
    "at": _AT, "written_at": _AT, "asset": _ASSET, "currency": _CURRENCY,
}  # fmt: skip
# By table: which copies there are, and what is not as in the row that is copied.
_TABLES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("sessions_app_customer", f"n <= {BUYERS}", {
        "id": "{base} + n", "public_id": f"'cus_' || {_NAME}", "email": "'buyer' || n || '@example.com'",
        "created_at": _AT, "merchant_id": _BUSINESS.replace("{n}", "(n - 1)"),
    }),
    ("sessions_app_checkoutsession", "true", {
        "id": "{base} + n", "public_id": f"'cs_' || {_NAME}", "page_token": f"'pg_' || {_NAME}",
        "merchant_id": _MERCHANT, "currency": _CURRENCY, "amount": "5 + n % 400",
        "reference": "'order-' || n", "customer_id": f"{{base}} + 1 + n % {BUYERS}",
        "email": f"'buyer' || 1 + n % {BUYERS} || '@example.com'", "created_at": _AT, "updated_at": _AT,
        "expires_at": f"{_AT} + interval '1 hour'", "watch_until": f"{_AT} + interval '7 days'",
        "opened_at": f"CASE WHEN n % 100 < 94 THEN {_AT} END",
        "completed_at": f"CASE WHEN {_PAID} THEN {_AT} + interval '1 second' * (30 + n % 400) END",
        "status": f"CASE WHEN {_PAID} THEN 'completed' ELSE 'expired' END",
        "payment_status": f"CASE WHEN {_PAID} THEN 'paid' ELSE 'unpaid' END",
        "quote_id": "CASE WHEN n % 100 < 84 THEN {base} + n END",
        "needs_decision": _ODD, "issue": f"CASE WHEN {_ODD} THEN 'overpaid' END",
        "metadata": """jsonb_build_object('orderId', n::text)""",
        "payment_link_id": f"CASE WHEN n % {IN_A_ROW} = 3 THEN {{link}} END",
    }),
    ("sessions_app_quote", "n % 100 < 84", {
        "id": "{base} + n", "public_id": f"'qu_' || {_NAME}", "session_id": "{base} + n", "created_at": _AT,
        "asset": _ASSET,
    }),
    ("sessions_app_depositaddress", "n % 100 < 84", {
        "id": "{base} + n", "session_id": "{base} + n", "created_at": _AT,
        "address": "'0x' || lpad(to_hex(n), 40, '0')", "watch_until": f"{_AT} + interval '7 days'",
    }),
    ("sessions_app_payment", _PAID, {
        "id": "{base} + n", "public_id": f"'pay_' || {_NAME}", "session_id": "{base} + n", "tx_hash": _HASH,
        "merchant_id": _MERCHANT, "value": "5 + n % 400",
        "sender": "'0x' || lpad(to_hex(n % 1000), 40, 'a')", "arrived_at": _AT, "confirmed_at": _AT, "seen_at": _AT,
        "first_confirmed_at": _AT, "asset": _ASSET, "collected_at": f"CASE WHEN {_COLLECTED} THEN {_AT} END",
        "collected_tx": f"CASE WHEN {_COLLECTED} THEN {_COLLECTION} ELSE '' END",
    }),
    ("sessions_app_bookline", _PAID, _LINE | {"kind": "'received'"}),
    ("sessions_app_bookline", _COLLECTED, _LINE | {"kind": "'collected'", "tx_hash": _COLLECTION}),
    ("sessions_app_statuschange", "true", {"session_id": "{base} + n", "at": _AT, "to_status": "'open'"}),
    ("sessions_app_statuschange", "true", {
        "session_id": "{base} + n", "at": _AT, "needs_decision": _ODD,
    }),
    ("webhooks_app_event", "true", {
        "id": "{base} + 3 * n", "public_id": "'evt_a' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}",
        "subject_sequence": "1",
        "type": "'checkout.created'", "created_at": _AT, "written_at": _AT, "merchant_id": _MERCHANT,
    }),
    ("webhooks_app_event", "true", {
        "id": "{base} + 3 * n + 1", "public_id": "'evt_b' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}",
        "subject_sequence": "2",
        "type": "CASE WHEN n % 50000 = 7 THEN 'refund.created' ELSE 'checkout.processing' END",
        "created_at": _AT, "written_at": _AT, "merchant_id": _MERCHANT,
    }),
    ("webhooks_app_event", "true", {
        "id": "{base} + 3 * n + 2", "public_id": "'evt_c' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}",
        "subject_sequence": "3", "type": "'checkout.completed'", "created_at": _AT, "written_at": _AT,
        "merchant_id": _MERCHANT,
    }),
    ("webhooks_app_delivery", f"n > {{total}} * 0.9 AND n % {IN_A_ROW} < {OWN}", {
        "id": "{base} + n", "public_id": f"'dlv_' || {_NAME}", "event_id": "{base} + 3 * n + 2", "created_at": _AT,
        "state": "CASE WHEN n > {total} - 500 THEN 'pending' WHEN n % 97 = 0 THEN 'failed' ELSE 'succeeded' END",
        "next_attempt_at": "CASE WHEN n > {total} - 500 THEN now() + interval '1 hour' END",
    }),
)  # fmt: skip
_ALIKE = "merchant_id, mode, booked_on, kind, network, asset, decimals, currency, reporting_currency"
# As the trigger and `books/catching_up.py` would have it, of all lines.
_SUMS = f"""
TRUNCATE sessions_app_booksum;
INSERT INTO sessions_app_booksum ({_ALIKE}, amount_units, reporting_value, lines, unknown, is_loose)
SELECT {_ALIKE}, sum(amount_units), coalesce(sum(reporting_value), 0), count(*),
    count(*) FILTER (WHERE reporting_value IS NULL), false
FROM sessions_app_bookline GROUP BY {_ALIKE}
"""
_BASE = 1_000_000_000


def make_year(sessions: int) -> tuple[Merchant, int]:
    """The business, and of the number of its year's last session: `n` above. It has so many, the others beside it."""
    now = timezone.now()
    shop = open_shop(now)
    for place in range(IN_A_ROW - OWN):
        assert Merchant.objects.create(name=f"Beside {place}").pk == shop.pk + place + 1
    _paid_session(shop, now)
    total = sessions * IN_A_ROW // OWN
    link = PaymentLink.objects.create(
        merchant=shop, mode="test", product_name="Winter box", amount=TERMS.amount, currency="USD"
    )
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        # Neither foreign keys nor triggers look at copies of what was written by the rules.
        raw.execute("SET session_replication_role = replica")
        raw.execute("SET maintenance_work_mem = '512MB'")
        for table in dict.fromkeys(table for table, _, _ in _TABLES):
            copies = [_copy(raw, *each, total=total, link=link.pk) for each in _TABLES if each[0] == table]
            _write(raw, table, copies)
        raw.execute(_SUMS.encode())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return shop, total


def _paid_session(shop: Merchant, now: datetime) -> CheckoutSession:
    session = create_session(merchant=shop, mode="test", terms=TERMS)
    sandbox = network("sandbox")
    watch(sandbox, reader_for(sandbox))
    choose_option(session=session, asset="USDC", network="sandbox", now=now)
    simulate(session=session, scenario="exact", now=timezone.now())
    for _ in range(40):
        watch(sandbox, reader_for(sandbox))
        session.refresh_from_db()
        if session.completed_at:
            return session
        time.sleep(0.5)
    raise SystemExit("The sandbox did not confirm the first payment.")


def _copy(raw: psycopg.Connection, table: str, which: str, changed: dict[str, str], *, total: int, link: int) -> str:
    """The statement. All of a table copy the row that is there before any of them."""
    numbers = {"base": _BASE, "total": total, "link": link, "decides": max(100, total // 300)}
    values = {name: text.format(**numbers) for name, text in changed.items()}
    named = raw.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    names = [str(name) for (name,) in named if name != "id" or "id" in values]
    shown = [values.get(name, f"one.{name}") for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(shown)} "
        f"FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) AS one, generate_series(1, {total}) AS n "
        f"WHERE {which.format(**numbers)}"
    )


def _write(raw: psycopg.Connection, table: str, copies: list[str]) -> None:
    """Its indexes stand aside meanwhile."""
    parts = """
        SELECT oid FROM pg_class WHERE oid = %(table)s::regclass AND relkind = 'r'
        UNION ALL SELECT relid FROM pg_partition_tree(%(table)s) WHERE isleaf
    """
    raw.execute(
        f"UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid IN ({parts})".encode(),
        {"table": table},
    )
    for statement in copies:
        raw.execute(statement.encode())
    raw.execute(f"REINDEX TABLE {table}".encode())
