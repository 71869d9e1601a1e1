"""Whether creating, getting and listing stay as fast when there are many sessions, and what one takes on the disk.

    python -m bench many_sessions [--sessions 10000000]

Measures create, get, the first page of the list and a page far down (page 5,000 of 20; with few sessions the last but
one) at 1,000 sessions of a shop, fills up with copies, and measures again through the same server. Each is taken as a
multiple of a call that asks the database nothing, measured beside it, since a shared machine's speed changes by the
minute.
Goal: no call takes more than 1.5 times as long. Exits with 1 when one does.
"""

import argparse
import asyncio
import sys
import time
from statistics import median
from typing import Any

import httpx
import psycopg

from bench.api.calls import asks, creates
from bench.tools.figures import figure, most
from bench.tools.load import drive
from bench.tools.servers import Servers

Connection = psycopg.Connection[tuple[Any, ...]]

TABLE = "sessions_app_checkoutsession"
# What a copy has for itself.
OWN = (
    "public_id", "page_token", "reference", "status", "ended_by", "created_at", "updated_at", "expires_at", "ended_at",
    "watch_until",
)  # fmt: skip
FEW, PAGE, FAR_DOWN, BATCH = 1000, 20, 5000, 1_000_000
GOAL, ROUNDS = 1.5, 5
BARE = "/healthz"
CREATE = "create"
READS = {
    BARE: BARE,
    "get": "/api/v1/checkout/sessions/{newest}",
    "first page": f"/api/v1/checkout?limit={PAGE}",
    "page 5,000": f"/api/v1/checkout?limit={PAGE}&after={{far}}",
}


def main() -> int:
    """Prints milliseconds at both sizes, and how they compare."""
    parser = argparse.ArgumentParser(description="Lists and gets among many sessions.")
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    options = parser.parse_args()
    with Servers() as servers:
        url = servers.start_ours()
        asyncio.run(drive(url, creates(url, servers.key), connections=8, seconds=2))
        few = measure(servers, url, options.seconds, sessions=FEW)
        many = measure(servers, url, options.seconds, sessions=options.sessions)
        weigh(servers, options.sessions)
    good = True
    for name in (CREATE, *list(READS)[1:]):
        change = (many[name] / many[BARE]) / (few[name] / few[BARE])
        figure(f"{name} of {FEW:,} sessions", few[name], "ms")
        what, floor = f"{name} of {options.sessions:,} sessions", f"that of {FEW:,}"
        good &= figure(what, many[name], "ms", ratio=change, floor=floor, goal=most(GOAL))
    return 0 if good else 1


def measure(servers: Servers, url: str, seconds: float, *, sessions: int) -> dict[str, float]:
    """Milliseconds of each call, one at a time, the medians of the rounds."""
    newest, far = fill(servers, sessions)
    paths = {name: path.format(newest=newest, far=far) for name, path in READS.items()}
    for name, path in paths.items():
        answer = httpx.get(url + path, headers={"Authorization": f"Bearer {servers.key}"})
        assert answer.status_code == 200
        assert "page" not in name or len(answer.json()) == PAGE
    calls = {CREATE: creates(url, servers.key)} | {name: asks(url, servers.key, path) for name, path in paths.items()}
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            result = asyncio.run(drive(url, call, connections=1, seconds=seconds))
            rounds[name].append(result.percentile(0.5))
    return {name: median(times) for name, times in rounds.items()}


def weigh(servers: Servers, sessions: int) -> None:
    """Tells what a session takes on the disk, and in each index."""
    with psycopg.connect(servers.environment["DATABASE_URL"]) as connection:
        for name, size in connection.execute(_BYTES).fetchall():
            figure(f"a session in {name}, of {sessions:,}", size / sessions, "bytes")


def fill(servers: Servers, sessions: int) -> tuple[str, str]:
    """Makes it so many; the newest one's id, and that of the one before the page far down."""
    with psycopg.connect(servers.environment["DATABASE_URL"], autocommit=True) as connection:
        (have,) = connection.execute(f"select count(*) from {TABLE}").fetchall()[0]
        if sessions > have:
            _add(connection, have + 1, sessions)
        else:
            connection.execute(_NO_MORE, [sessions])
        connection.execute("vacuum analyze")
        down = min(FAR_DOWN * PAGE, sessions - 2 * PAGE)
        newest, far = (connection.execute(_AT, [place]).fetchall()[0][0] for place in (0, down - 1))
    return newest, far


def _add(connection: Connection, first: int, last: int) -> None:
    """Indexes are made when all rows are there, which is many times quicker than row by row."""
    began = time.monotonic()
    print(f"adding {last - first + 1:,} sessions …", flush=True)
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _, constraint in indexes:
        connection.execute(f"alter table {TABLE} drop constraint {name}" if constraint else f"drop index {name}")
    connection.execute("set session_replication_role = replica")  # they refer to what the first one refers to
    insert = _COPIES.format(columns=_columns(connection))
    for begin in range(first, last + 1, BATCH):
        connection.execute(insert, [begin, min(begin + BATCH - 1, last)])
    connection.execute("reset session_replication_role")
    connection.execute("set maintenance_work_mem = '1GB'")
    for name, definition, constraint in indexes:
        connection.execute(f"alter table {TABLE} add constraint {name} {constraint}" if constraint else definition)
    print(f"… took {time.monotonic() - began:.0f} s", flush=True)


def _columns(connection: Connection) -> str:
    names = connection.execute("select column_name from information_schema.columns where table_name = %s", [TABLE])
    return ", ".join(str(name) for (name,) in names if name not in {"id", *OWN})


# Copies of the oldest one, a second apart, which ended without being paid.
_COPIES = f"""
insert into {TABLE} ({", ".join(OWN)}, {{columns}})
select 'cs_' || lpad(number::text, 26, '0'), 'pg_' || lpad(number::text, 26, '0'), 'copy-' || number,
    'expired', 'expired', at, at, at, at, at, {{columns}}
from (select * from {TABLE} order by id limit 1) as one, generate_series(%s::int, %s::int) as number,
    lateral (select one.created_at + number * interval '1 second' as at) as moment
"""
_INDEXES = f"""
select indexrelid::regclass::text, pg_get_indexdef(indexrelid), pg_get_constraintdef(of.oid)
from pg_index left join pg_constraint as of on conindid = indexrelid and contype = 'u'
where indrelid = '{TABLE}'::regclass and not indisprimary
"""
_BYTES = f"""
select 'its table', pg_table_size('{TABLE}')
union all
select indexrelid::regclass::text, pg_relation_size(indexrelid) from pg_index
where indrelid = '{TABLE}'::regclass order by 2 desc
"""
_NO_MORE = f"""
with surplus as (select id from {TABLE} order by id offset %s), gone as (
    delete from sessions_app_statuschange where session_id in (select id from surplus)
)
delete from {TABLE} where id in (select id from surplus)
"""
_AT = f"select public_id from {TABLE} order by id desc offset %s limit 1"


if __name__ == "__main__":
    sys.exit(main())
