"""Of several processes of a run one seeds the strangers; the others copy its database and are told who is in it."""

import base64
import hashlib
import os
import pickle
from contextlib import ExitStack

import psycopg
from django.db import connection
from psycopg import sql

from tests.strangers.world import CAST
from tests.template import NAME

# By the run as well: keys are encrypted with its secrets.
_SEEDED = f"{NAME}_{hashlib.sha256(os.environ['SECRET_KEY'].encode()).hexdigest()[:12]}"
_LOCK = 0x7E_445EED
_turn = ExitStack()


def take_over() -> None:
    """Says what our database is copied from, and fills CAST. Waits while another process seeds; else it is our turn."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    server = _turn.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
    server.execute("select pg_advisory_lock(%s)", [_LOCK])
    about = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
    if found := server.execute(about, [_SEEDED]).fetchone():
        CAST.update(pickle.loads(base64.b64decode(found[0])))
        connection.settings_dict["TEST"]["TEMPLATE"] = _SEEDED
        let_others()


def hand_on() -> None:
    """Has our database copied for the others, before a test changes it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    ours = str(connection.settings_dict["NAME"])
    connection.close()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        former = server.execute("select datname from pg_database where starts_with(datname, %s)", [f"{NAME}_"])
        for (name,) in former.fetchall():
            server.execute(f"drop database {name}")
        server.execute(f"create database {_SEEDED} template {ours}")
        told = base64.b64encode(pickle.dumps(CAST)).decode()
        server.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(_SEEDED), sql.Literal(told)))
    let_others()


def let_others() -> None:
    """Nobody need wait for us."""
    _turn.close()
