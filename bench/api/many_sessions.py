"""Whether list and get stay as fast when there are many sessions.

    python -m bench many_sessions [--sessions 1000000]

Measures get, the first page of the list and a page far down (page 5,000 of 20; with few sessions the last but one) at
1,000 sessions of a shop, fills up with copies, and measures again through the same server. Each is taken as a multiple
of a call that asks the database nothing, measured beside it, since a shared machine's speed changes by the minute.
Goal: no call takes more than 1.5 times as long. Exits with 1 when one does.
"""

import argparse
import asyncio
import sys
from statistics import median

import httpx
import psycopg

from bench.api.calls import asks, creates
from bench.tools.figures import figure, most
from bench.tools.load import drive
from bench.tools.servers import Servers

FEW, PAGE, FAR_DOWN = 1000, 20, 5000
GOAL, ROUNDS = 1.5, 5
BARE = "/healthz"
CALLS = {
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
    for name in CALLS:
        change = (many[name] / many[BARE]) / (few[name] / few[BARE])
        what, floor = f"{name} of {options.sessions:,} sessions", f"that of {FEW:,}"
        good &= figure(what, many[name], "ms", ratio=change, floor=floor, goal=most(GOAL))
    return 0 if good else 1


def measure(servers: Servers, url: str, seconds: float, *, sessions: int) -> dict[str, float]:
    """Milliseconds of each call, one at a time, the medians of the rounds."""
    newest, far = fill(servers, sessions)
    rounds: dict[str, list[float]] = {name: [] for name in (BARE, *CALLS)}
    for _ in range(ROUNDS):
        for name in rounds:
            path = CALLS.get(name, BARE).format(newest=newest, far=far)
            answer = httpx.get(url + path, headers={"Authorization": f"Bearer {servers.key}"})
            assert answer.status_code == 200
            assert "page" not in name or len(answer.json()) == PAGE
            result = asyncio.run(drive(url, asks(url, servers.key, path), connections=1, seconds=seconds))
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
        have = connection.execute("select count(*) from sessions_app_checkoutsession").fetchone()
        assert have is not None
        missing = sessions - have[0]
        if missing > 0:
            print(f"adding {missing:,} sessions …", flush=True)
            connection.execute(_COPIES.format(columns=_columns(connection)), [have[0] + 1, sessions])
        elif missing < 0:
            connection.execute(_NO_MORE, [sessions])
        connection.execute("vacuum analyze")
        down = min(FAR_DOWN * PAGE, sessions - 2 * PAGE)
        rows = connection.execute(_AT, [[1, down]]).fetchall()
    return rows[0][0], rows[1][0]


def _columns(connection: "psycopg.Connection[tuple[object, ...]]") -> str:
    names = connection.execute(
        "select column_name from information_schema.columns where table_name = 'sessions_app_checkoutsession'"
    )
    return ", ".join(str(name) for (name,) in names if name not in {"id", "public_id", "reference"})


# Copies of the oldest one; what is looked for by id or by place among them is as among others.
_COPIES = """
insert into sessions_app_checkoutsession (public_id, reference, {columns})
select 'cs_' || lpad(number::text, 26, '0'), 'copy-' || number, {columns}
from (select * from sessions_app_checkoutsession order by id limit 1) as one,
    generate_series(%s::int, %s::int) as number
"""
_BYTES = """
select 'its table', pg_table_size('sessions_app_checkoutsession')
union all
select indexrelid::regclass::text, pg_relation_size(indexrelid) from pg_index
where indrelid = 'sessions_app_checkoutsession'::regclass order by 2 desc
"""
_NO_MORE = """
with surplus as (select id from sessions_app_checkoutsession order by id offset %s), gone as (
    delete from sessions_app_statuschange where session_id in (select id from surplus)
)
delete from sessions_app_checkoutsession where id in (select id from surplus)
"""
_AT = """
select public_id from (
    select public_id, row_number() over (order by id desc) as place from sessions_app_checkoutsession
) as numbered where place = any(%s) order by place
"""


if __name__ == "__main__":
    sys.exit(main())
