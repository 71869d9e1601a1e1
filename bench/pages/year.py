"""A year of a business as rows: one session with all that belongs to it is written by the rules, and copied by SQL."""

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
from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.scenarios import simulate
from sessions_app.selling.creation import create_session
from sessions_app.watching.watcher import watch

BUYERS = 50_000
WAITING_DAYS = 28

# Of the copy with the number `n` of `total`: ids that no other has, times over the year, the newest last.
_AT = "now() - interval '365 days' * (({total} - n)::float / {total})"
_NAME = "lpad(n::text, 26, '0')"
_ODD = "(n % {decides} = 0 AND n % 100 < 69)"
_HASH = "'0x' || lpad(to_hex(n), 64, '0')"
# By table: which copies there are, and what is not as in the row that is copied.
_TABLES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("sessions_app_customer", f"n <= {BUYERS}", {
        "id": "{base} + n", "public_id": f"'cus_' || {_NAME}", "email": "'buyer' || n || '@example.com'",
        "created_at": _AT,
    }),
    ("sessions_app_checkoutsession", "true", {
        "id": "{base} + n", "public_id": f"'cs_' || {_NAME}", "page_token": f"'pg_' || {_NAME}",
        "reference": "'order-' || n", "customer_id": f"{{base}} + 1 + n % {BUYERS}",
        "email": f"'buyer' || 1 + n % {BUYERS} || '@example.com'", "created_at": _AT, "updated_at": _AT,
        "expires_at": f"{_AT} + interval '1 hour'", "watch_until": f"{_AT} + interval '7 days'",
        "opened_at": f"CASE WHEN n % 100 < 94 THEN {_AT} END",
        "completed_at": f"CASE WHEN n % 100 < 69 THEN {_AT} + interval '1 second' * (30 + n % 400) END",
        "status": "CASE WHEN n % 100 < 69 THEN 'completed' ELSE 'expired' END",
        "payment_status": "CASE WHEN n % 100 < 69 THEN 'paid' ELSE 'unpaid' END",
        "quote_id": "CASE WHEN n % 100 < 84 THEN {base} + n END",
        "needs_decision": _ODD, "issue": f"CASE WHEN {_ODD} THEN 'overpaid' END",
        "metadata": """jsonb_build_object('orderId', n::text)""",
    }),
    ("sessions_app_quote", "n % 100 < 84", {
        "id": "{base} + n", "public_id": f"'qu_' || {_NAME}", "session_id": "{base} + n", "created_at": _AT,
    }),
    ("sessions_app_depositaddress", "n % 100 < 84", {
        "id": "{base} + n", "session_id": "{base} + n", "created_at": _AT,
        "address": "'0x' || lpad(to_hex(n), 40, '0')", "watch_until": f"{_AT} + interval '7 days'",
    }),
    ("sessions_app_payment", "n % 100 < 69", {
        "id": "{base} + n", "public_id": f"'pay_' || {_NAME}", "session_id": "{base} + n", "tx_hash": _HASH,
        "sender": "'0x' || lpad(to_hex(n % 1000), 40, 'a')", "arrived_at": _AT, "confirmed_at": _AT, "seen_at": _AT,
        "first_confirmed_at": _AT, "asset": "(ARRAY['USDC', 'USDT', 'ETH'])[1 + n % 3]",
        "collected_at": f"CASE WHEN {_AT} < now() - interval '{WAITING_DAYS} days' THEN {_AT} END",
    }),
    ("sessions_app_bookline", "n % 100 < 69", {
        "id": "{base} + n", "session_id": "{base} + n", "payment_id": "{base} + n", "booked_on": f"({_AT})::date",
        "at": _AT, "written_at": _AT, "asset": "(ARRAY['USDC', 'USDT', 'ETH'])[1 + n % 3]", "kind": "'received'",
    }),
    ("sessions_app_statuschange", "true", {"session_id": "{base} + n", "at": _AT, "to_status": "'open'"}),
    ("sessions_app_statuschange", "true", {
        "session_id": "{base} + n", "at": _AT, "needs_decision": _ODD,
    }),
    ("webhooks_app_event", "true", {
        "public_id": "'evt_a' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}", "subject_sequence": "1",
        "type": "'checkout.created'", "created_at": _AT, "written_at": _AT,
    }),
    ("webhooks_app_event", "true", {
        "public_id": "'evt_b' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}", "subject_sequence": "2",
        "type": "CASE WHEN n % 50000 = 7 THEN 'refund.created' ELSE 'checkout.processing' END",
        "created_at": _AT, "written_at": _AT,
    }),
    ("webhooks_app_event", "true", {
        "id": "{base} + n", "public_id": "'evt_c' || lpad(n::text, 25, '0')", "subject": f"'cs_' || {_NAME}",
        "subject_sequence": "3", "type": "'checkout.completed'", "created_at": _AT, "written_at": _AT,
    }),
    ("webhooks_app_delivery", "n > {total} * 0.9", {
        "id": "{base} + n", "public_id": f"'dlv_' || {_NAME}", "event_id": "{base} + n", "created_at": _AT,
        "state": "CASE WHEN n > {total} - 500 THEN 'pending' WHEN n % 97 = 0 THEN 'failed' ELSE 'succeeded' END",
        "next_attempt_at": "CASE WHEN n > {total} - 500 THEN now() + interval '1 hour' END",
    }),
)  # fmt: skip
_BASE = 1_000_000_000


def make_year(sessions: int) -> tuple[Merchant, CheckoutSession]:
    """The business, and the session that all others are copies of."""
    now = timezone.now()
    shop = open_shop(now)
    session = _paid_session(shop, now)
    for table, which, changed in _TABLES:
        _copy(table, which, changed, sessions)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return shop, session


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


def _copy(table: str, which: str, changed: dict[str, str], total: int) -> None:
    numbers = {"base": _BASE, "total": total, "decides": max(100, total // 300)}
    values = {name: text.format(**numbers) for name, text in changed.items()}
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        # Neither foreign keys nor triggers look at copies of what was written by the rules.
        raw.execute("SET session_replication_role = replica")
        named = raw.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        names = [str(name) for (name,) in named if name != "id" or "id" in values]
        shown = [values.get(name, f"one.{name}") for name in names]
        statement = (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(shown)} "
            f"FROM (SELECT * FROM {table} ORDER BY id DESC LIMIT 1) AS one, generate_series(1, {total}) AS n "
            f"WHERE {which.format(**numbers)}"
        )
        raw.execute(statement.encode())
