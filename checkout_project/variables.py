"""Every variable of the environment that Tallystick reads: what it means, and whether it is a secret.

The tables of docs/configuration.md are written from it (`python -m checkout_project.tools.settings_table`); defaults
stand where a variable is read, in `settings.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One of them."""

    name: str
    meaning: str
    is_secret: bool = False  # its value is shown nowhere: it is one, or may hold one
    shown: str = ""  # as its default, where `settings.py` has none, or works it out


# By the heading in docs/configuration.md that the table stands below.
VARIABLES = {
    "Required": (
        Variable(name="SECRET_KEY", meaning="signs cookies; 50 random characters", is_secret=True),
        Variable(
            name="ENCRYPTION_KEYS",
            meaning="encrypt webhook secrets and second factors in the database; Fernet keys, comma-separated: "
            "the first encrypts, all decrypt (put a new one in front to rotate)",
            is_secret=True,
        ),
        Variable(
            name="DATABASE_URL",
            meaning="`postgresql://user:password@host:5432/name`, or `postgresql://user@/name?host=/socket/folder`",
            is_secret=True,
        ),
        Variable(
            name="REDIS_URL",
            meaning="`redis://:password@host:6379/0`: Redis or Valkey, for jobs and short-lived things; nothing "
            "in it must survive",
            is_secret=True,
        ),
        Variable(
            name="DATABASE_PASSWORD",
            meaning="instead of the password in `DATABASE_URL`; as it is, nothing in it is encoded",
            is_secret=True,
        ),
        Variable(name="REDIS_PASSWORD", meaning="the same for `REDIS_URL`", is_secret=True),
    ),
    "Where it is reached": (
        Variable(
            name="PUBLIC_URL",
            meaning="what buyers and merchants type; with `https://` cookies are secure and HSTS is sent, for "
            "this host only",
        ),
        Variable(name="ALLOWED_HOSTS", meaning="host names it answers to, comma-separated"),
        Variable(
            name="TRUSTED_PROXIES",
            meaning="your own proxies: how many stand one behind the other (`1`, `2`), or their addresses and "
            "ranges (`10.0.0.0/8,127.0.0.1`); see below",
            shown="`0`",
        ),
        Variable(name="BEHIND_PROXY", meaning="`1` is the older way to say `TRUSTED_PROXIES=1`"),
        Variable(name="PROXY_REDIRECTS_TO_HTTPS", meaning="`1` when that proxy redirects from http already"),
        Variable(
            name="HSTS_INCLUDE_SUBDOMAINS",
            meaning="`1` adds `includeSubDomains` to HSTS: it binds the other hosts of your domain",
        ),
        Variable(name="HSTS_PRELOAD", meaning="`1` adds `preload`, which binds them for years"),
        Variable(
            name="HOST",
            meaning="where the web process listens, and the others at `METRICS_PORT`",
            shown="`127.0.0.1`",
        ),
        Variable(name="PORT", meaning="the same, its port", shown="`8000`"),
        Variable(name="WEB_THREADS", meaning="in how many threads a web process answers"),
        Variable(
            name="WORKER_THREADS",
            meaning="how many jobs a worker process does at once. Not set: three for each network that is on and eight "
            "more, if that is more, so that none whose nodes hang keeps others waiting. Set: never more, and its log "
            "says at start if that is less",
        ),
        Variable(name="BODY_SECONDS", meaning="within which a whole request body must arrive"),
    ),
    "Chains and rates": (
        Variable(
            name="RPC_URL_<NETWORK>",
            meaning="turns a network on: `RPC_URL_BASE=https://…`; several, comma-separated, fail over",
            is_secret=True,
            shown="none",
        ),
        Variable(
            name="NETWORKS_FILE",
            meaning="a file like `chains_app/networks/networks.toml` that adds networks, or replaces them by id",
        ),
        Variable(
            name="FACILITATOR_URL",
            meaning="brings payments to the chain that buyers only sign: [x402](x402.md)",
            is_secret=True,
        ),
        Variable(name="FACILITATOR_TOKEN", meaning="sent to it as `Authorization: Bearer …`", is_secret=True),
        Variable(
            name="WALLETCONNECT_RELAY",
            meaning="where browsers reach wallets, on the pages of businesses with a [WalletConnect project]"
            "(settings.md#wallets); empty switches it off for all",
        ),
        Variable(name="COINBASE_URL", meaning="a source of rates of live mode; empty switches it off", is_secret=True),
        Variable(name="KRAKEN_URL", meaning="the same", is_secret=True),
    ),
    "Behaviour": (
        Variable(
            name="WEBHOOK_ALLOW_PRIVATE",
            meaning="`1` lets webhooks go to private addresses, and in live mode by http, for development "
            "(`make run` sets it)",
        ),
        Variable(
            name="WEBHOOK_PORTS", meaning="ports that webhooks may go to on public addresses, separated by commas"
        ),
        Variable(name="OPERATOR_EMAIL", meaning="whom the people of a suspended business are told to write to"),
        Variable(
            name="OPEN_SIGNUP",
            meaning="`1` lets anybody make an account, open a letter, and found a business; otherwise people "
            "come by invitation",
        ),
        Variable(
            name="API_KEY_CACHE_SECONDS", meaning="how long a revoked key may still work in another process, at most 4"
        ),
        Variable(name="RATE_LIMIT_PER_KEY", meaning="requests a minute by one key, over all web processes"),
        Variable(name="RATE_LIMIT_PER_ADDRESS", meaning="requests a minute from one address, over all web processes"),
        Variable(name="RATE_LIMIT_PER_LINK", meaning="payments begun a minute by one payment link from one address"),
        Variable(
            name="ALIVE_FILE",
            meaning="a file that web, worker and beat touch every ten seconds; `python -m "
            "checkout_project.jobs.alive` tells a probe whether they did. "
            "[Deploying](deploying.md#is-it-alive)",
            shown="none",
        ),
        Variable(
            name="METRICS_TOKEN",
            meaning="`/metrics` asks for it as a bearer token, and so does `METRICS_PORT`",
            is_secret=True,
        ),
        Variable(
            name="METRICS_PORT",
            meaning="where a worker, beat and `send_webhooks` tell [their own numbers](monitoring.md#where-to-scrape)",
            shown="none",
        ),
        Variable(
            name="OTEL_EXPORTER_OTLP_ENDPOINT",
            meaning="where [traces](monitoring.md#traces-and-errors) go, by OTLP over HTTP; needs "
            "`requirements-observability.lock`",
            is_secret=True,
        ),
        Variable(name="SENTRY_DSN", meaning="where errors go; needs the same", is_secret=True),
        Variable(
            name="PROMETHEUS_MULTIPROC_DIR",
            meaning="a folder in which all processes of one machine count together "
            "([how](monitoring.md#where-to-scrape))",
            shown="none",
        ),
        Variable(name="EMAIL_HOST", meaning="your mail server; without it letters go nowhere ([below](#letters))"),
        Variable(name="EMAIL_PORT", meaning="its port"),
        Variable(name="EMAIL_HOST_USER", meaning="who signs in there"),
        Variable(name="EMAIL_HOST_PASSWORD", meaning="with this", is_secret=True),
        Variable(name="DEFAULT_FROM_EMAIL", meaning="whom letters come from"),
        Variable(
            name="EMAIL_BACKEND",
            meaning="another way to send them, as a dotted path to a Django mail backend",
            shown="by `EMAIL_HOST`",
        ),
        Variable(name="EMAIL_USE_TLS", meaning="`1`: STARTTLS (usually port 587)"),
        Variable(name="EMAIL_USE_SSL", meaning="`1`: TLS from the start (usually port 465)"),
        Variable(name="LOG_FORMAT", meaning="`json`: one object a line, with the request's id; or `text`"),
        Variable(name="LOG_LEVEL", meaning="from which level on: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`"),
        Variable(
            name="DATABASE_POOLER",
            meaning="`transaction` or `session`: a [connection pooler](#connection-poolers) stands in between",
        ),
        Variable(name="DATABASE_PREPARE", meaning="`0` is the older way to say `DATABASE_POOLER=transaction`"),
        Variable(
            name="DATABASE_REPLICA_URL",
            meaning="a streaming standby of the database, written like `DATABASE_URL`, with the same password where "
            "`DATABASE_PASSWORD` has it: lists, statements and files are [read there](scaling.md#read-replica)",
            is_secret=True,
        ),
        Variable(name="DEBUG", meaning="`1` shows error pages with source code; never in public"),
    ),
    "Only for `make run`": (
        Variable(
            name="DATA_DIR",
            meaning="databases, secrets, the demo's password and key, the devchain; the folder is private to you",
            shown="`.data`",
        ),
        Variable(
            name="STATIC_ROOT",
            meaning="where the static files are kept by their content, compressed. Elsewhere: `staticfiles`; "
            "`manage.py collectstatic` fills it, as the image does when it is built",
            shown="`DATA_DIR/static`",
        ),
        Variable(name="DEVCHAIN", meaning="`0` starts no local EVM node", shown="`1`"),
    ),
}
SECRETS = frozenset(each.name for several in VARIABLES.values() for each in several if each.is_secret)
