"""What this process can see by itself: settings, database, Redis, clocks, stored secrets, files."""

import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import ERROR, WARNING, run_checks
from django.db import connection

from checkout_project.checks.mail import NO_MAIL
from checkout_project.doctor.findings import Finding, look, ok, wrong
from checkout_project.facts.database import OK, UNREACHABLE
from checkout_project.facts.installation import Facts, facts, is_clock_wrong
from checkout_project.facts.queued import why_it_refuses
from checkout_project.facts.states import states_of
from checkout_project.jobs.pulses import redis_at
from checkout_project.jobs.threads import told_if_few
from common import replica
from common.encryption import decrypt, is_by_first_key, is_encrypted
from common.network.public_addresses import is_this_machine
from common.postgresql.poolers import UNNAMED, is_lent_by_transaction, is_pooled
from common.postgresql.waits import OF_THE_ROLE
from sessions_app.models import ReceiptKey
from webhooks_app.models import WebhookEndpoint

_GIB = 1024**3
_OLDEST_POSTGRESQL, _OLDEST_REDIS = 140_000, 6
_BY_NTP = "Set the clock of that machine by NTP (timedatectl set-ntp true)."
_NEW_ONES = "Then RECONNECT in the pooler's console: connections that it has already keep what they had."
_CURES = {
    "workers": "Start a worker: celery -A checkout_project worker (see the Procfile).",
    "beat": "Start beat: celery -A checkout_project beat (see the Procfile). One is enough.",
    "queue": "Start another worker.",
    "networks": "See the lines of its nodes below. Payments are read later; none is lost.",
    "providers": "/admin names them (Providers): if it goes on, take them out of RPC_URL_….",
    "events": "/admin names the endpoint. If it never failed, no worker runs that sends.",
    "rates": "See the lines of rates below.",
    "replica": "Look at that server, the line to it, and DATABASE_REPLICA_URL. All is read from the primary meanwhile.",
    "expiry": "Workers do not keep up, or beat is away.",
}


def settings_are_right() -> Iterator[Finding]:
    """Django's checks and ours. What could not be read at all has stopped this process before."""
    # Those of a site with https, where there is one. That letters go nowhere is a line of its own.
    faults = run_checks(include_deployment_checks=settings.SECURE)
    found = [each for each in faults if each.level >= WARNING and each.id != NO_MAIL]
    for each in found:
        tell = wrong if each.level >= ERROR else look
        yield tell("settings", f"{each.msg} ({each.id})", str(each.hint or "See docs/configuration.md."))
    host, allowed = urlsplit(settings.PUBLIC_URL).hostname or "", settings.ALLOWED_HOSTS
    if not any(each in ("*", host, f"[{host}]") or (host.endswith(each) and each[:1] == ".") for each in allowed):
        yield wrong(
            "settings",
            f"ALLOWED_HOSTS ({', '.join(allowed)}) has not {host}, the host of PUBLIC_URL.",
            f"Add {host} to ALLOWED_HOSTS: what comes by that name is answered with 400.",
        )
    if not settings.SECURE and not settings.DEBUG and not is_only_for_here():
        yield look(
            "settings",
            f"PUBLIC_URL is {settings.PUBLIC_URL}: passwords and payment pages go in clear.",
            "Put a proxy with TLS in front and set PUBLIC_URL=https://….",
        )
    if too_few := told_if_few():
        cure = "Networks whose nodes hang can keep all other jobs waiting: raise WORKER_THREADS, or do not set it."
        yield look("settings", too_few, cure)
    if not found:
        yield ok("settings", f"read, for {settings.PUBLIC_URL}")


def is_only_for_here() -> bool:
    """Whether nobody but this machine is meant to reach it."""
    return is_this_machine(urlsplit(settings.PUBLIC_URL).hostname or "")


def database_is_well() -> Iterator[Finding]:
    """Version, limits, who stands in between."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "current_setting('max_connections')::int, pg_database_size(current_database()), "
            "current_setting('lock_timeout'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        number, version, most, size, lock_timeout, fsync, synchronous = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_stat_activity")
        (used,) = cursor.fetchone()
    if number < _OLDEST_POSTGRESQL:
        yield wrong("database", f"PostgreSQL {version} is too old.", "Tallystick needs PostgreSQL 14 or newer.")
    else:
        yield ok("database", f"PostgreSQL {version}, {size / _GIB:.2f} GiB, lock_timeout {lock_timeout}")
    if fsync == "off" or synchronous == "off":
        yield wrong(
            "database",
            "It confirms what it has not kept yet: a power cut would lose paid sessions.",
            "Set fsync = on and synchronous_commit = on in postgresql.conf.",
        )
    if used > 0.85 * most:
        yield look(
            "database",
            f"{used} of {most} connections are used.",
            "Raise max_connections, or put PgBouncer in front (docs/configuration.md, Connection poolers).",
        )
    if is_pooled() and not settings.DATABASE_POOLER:
        yield wrong("pooler", "One stands in between that nobody named.", UNNAMED)
    else:
        yield ok("pooler", f"one that lends by {settings.DATABASE_POOLER}" if is_pooled() else "none in between")
    if is_lent_by_transaction():
        yield from _limits_of_the_role()


def _limits_of_the_role() -> Iterator[Finding]:
    """Where connections are lent by transaction we leave none on them (`common/postgresql/waits.py`)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(current_user), array_agg(name) FROM unnest(%s::text[]) AS name "
            "WHERE current_setting(name) = '0' GROUP BY 1",
            [list(OF_THE_ROLE)],
        )
        for role, missing in cursor.fetchall():
            yield look(
                "pooler",
                f"The role has no {', '.join(missing)}: what hangs keeps others waiting for good.",
                " ".join(f"ALTER ROLE {role} SET {name} = '{OF_THE_ROLE[name]}';" for name in missing)
                + f" {_NEW_ONES}",
            )


def it_runs() -> Iterator[Finding]:
    """What `/readyz` says, with how to mend it."""
    replica.find_out()
    found = facts()
    yield from _needed(found)
    for who, ahead in found.wrong_clocks():
        is_ahead = "ahead of" if ahead > 0 else "behind"
        yield wrong(
            "clocks",
            f"{who} is {abs(ahead):.0f} s {is_ahead} the database's clock.",
            _BY_NTP,
        )
    for who, jump in found.jumps():
        yield look("clocks", f"That of {who} {jump}.", f"If it is right now, see who set it. {_BY_NTP}")
    if found.stored and (whither := found.stored.clock_by_nodes):
        said = f"This machine's is {whither} of what the nodes of all networks say."
        yield wrong("clocks", said, f"{_BY_NTP} If it is right, all nodes are wrong at once: see their lines.")
    for state in states_of(found):
        if state.is_unknown:
            yield look(state.name, f"{state.word}, as Redis takes nothing from them.", "Mend Redis first.")
        elif state.name in _CURES:
            yield ok(state.name, "well") if state.is_well else wrong(state.name, state.word, _CURES[state.name])
    if found.heard:
        processes = ", ".join(sorted(f"{each.kind} {each.name}" for each in found.alive())) or "none"
        yield ok("processes", f"alive beside the web: {processes}")


def _needed(found: Facts) -> Iterator[Finding]:
    cures = {
        "database": "Free its disk, or point DATABASE_URL at a primary that can be reached.",
        "migrations": "Run manage.py migrate, then start workers, beat and web again.",
    }
    for state in states_of(found):
        if state.name in cures and state.word not in (OK, UNREACHABLE):
            yield wrong(state.name, f"{state.word}.", cures[state.name])
        elif state.name == "migrations":
            yield ok("migrations", "all applied")
    if found.database.ahead is not None and not is_clock_wrong(found.database.ahead):
        yield ok("clocks", f"this machine's is {found.database.ahead:+.2f} s from the database's")


def redis_is_well() -> Iterator[Finding]:
    """Whether it is there, takes writing, is new enough, and throws nothing away."""
    client = redis_at(settings.REDIS_URL)
    told = dict(client.info())
    version = str(told.get("valkey_version") or told.get("redis_version"))
    if int(version.partition(".")[0]) < _OLDEST_REDIS:
        yield wrong("redis", f"{version} is too old.", f"Use Redis {_OLDEST_REDIS} or newer, or Valkey.")
    if refusal := why_it_refuses(client):
        yield wrong(
            "redis",
            f"It takes no writing: {refusal}.",
            "Free its disk or memory, or point REDIS_URL at the primary; its log says more. Until then payments are "
            "not seen, jobs and letters wait, and nobody can sign in; nothing is lost.",
        )
    policy = str(told.get("maxmemory_policy", ""))
    if policy not in ("", "noeviction"):
        yield wrong(
            "redis",
            f"maxmemory-policy is {policy}: when memory ends it throws jobs and limits away.",
            "Set maxmemory-policy noeviction, and give it a memory of its own.",
        )
    else:
        yield ok("redis", f"{told.get('server_name') or 'redis'} {version}, {told.get('used_memory_human')} used")


def keys_open_secrets() -> Iterator[Finding]:
    """Whether each stored secret is opened by one of ENCRYPTION_KEYS."""
    shut: dict[str, list[str]] = {}
    count = former = 0
    for what, name, token in _stored_secrets():
        count += 1
        try:
            decrypt(token)
            former += not is_by_first_key(token)
        except InvalidToken:
            shut.setdefault(what, []).append(name)
    for what, names in shut.items():
        some = ", ".join(names[:3]) + (" …" if names[3:] else "")
        yield wrong(
            "ENCRYPTION_KEYS",
            f"no key opens {len(names)} {what}: {some}.",
            "Put the key that was used before behind the present one, separated by a comma. Is it lost, then "
            "endpoints need new secrets and their people new second factors.",
        )
    if former:
        yield look(
            "ENCRYPTION_KEYS",
            f"{former} stored secrets are by a former key.",
            "Run manage.py reencrypt; after that the former keys may go.",
        )
    if not shut:
        yield ok("ENCRYPTION_KEYS", f"open all {count} stored secrets")


def _stored_secrets() -> Iterator[tuple[str, str, str]]:
    columns = ("secret_encrypted", "previous_secret_encrypted", "headers_encrypted")
    for public_id, *tokens in WebhookEndpoint.objects.values_list("public_id", *columns).iterator():
        yield from (("webhook secrets", public_id, token) for token in tokens if token)
    for kid, token in ReceiptKey.objects.values_list("kid", "private"):
        yield "keys of receipts", kid, token
    for number, data in Authenticator.objects.values_list("pk", "data").iterator():
        texts = [each for each in data.values() if isinstance(each, str) and is_encrypted(each)]
        yield from (("second factors", f"number {number}", token) for token in texts)


def files_are_there() -> Iterator[Finding]:
    """Static files, and room on this machine's disk."""
    if settings.DEBUG or staticfiles_storage.url("css/tokens.css") != f"{settings.STATIC_URL}css/tokens.css":
        yield ok("static files", "collected")
    else:
        yield look(
            "static files",
            f"Nothing is collected in {settings.STATIC_ROOT}: browsers keep nothing.",
            "Run manage.py collectstatic --noinput, and start the web process again.",
        )
    place = next(each for each in (settings.DATA_DIR, *settings.DATA_DIR.parents) if each.exists())
    disk = shutil.disk_usage(place)
    said = f"{disk.free / _GIB:.1f} of {disk.total / _GIB:.0f} GiB are free at {place}"
    if disk.free < _GIB / 2:
        yield wrong("disk", f"{said}.", "Free some: a full disk stops PostgreSQL, and with it all sales.")
    elif disk.free < disk.total / 20:
        yield look("disk", f"{said}.", "Free some before it is full.")
    else:
        yield ok("disk", said)
