"""What is looked at, in the order in which it is told: what all else rests on comes first."""

from functools import partial

from checkout_project.doctor import inside, nodes, outside
from checkout_project.doctor.findings import Check


def checks(*, mail_to: str = "") -> list[tuple[str, Check]]:
    """By name; those of the settings are not among them, as they wait for nobody. `mail_to`: who gets a test letter."""
    return [
        ("database", inside.database_is_well),
        ("redis", inside.redis_is_well),
        ("running", inside.it_runs),
        ("ENCRYPTION_KEYS", inside.keys_open_secrets),
        ("files", inside.files_are_there),
        *nodes.checks_of_networks(),
        ("rates", nodes.rates_come),
        ("facilitator", nodes.facilitator_serves),
        ("mail", partial(outside.mail_leaves, mail_to)),
        ("PUBLIC_URL", outside.public_url_answers),
        ("certificates", outside.certificates_last),
        ("webhooks", outside.webhooks_get_out),
    ]
