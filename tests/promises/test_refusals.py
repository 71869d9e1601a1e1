"""What a refusal is called and how it is answered: programs rely on both (docs/api.md, “Errors”)."""

import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module

from common.errors import DomainError

APPS = ("common", "chains_app", "merchants_app", "webhooks_app", "sessions_app")
PROMISED = {
    # What was given cannot be right.
    400: {
        "beyond_role",
        "invalid_idempotency_key",
        "kept_too_short",
        "not_a_payment",
        "not_a_transaction",
        "not_on_offer",
        "nothing_left",
        "option_unavailable",
        "ownership_not_proven",
        "reason_missing",
        "reused_too_soon",
        "switched_off",
        "unsafe_url",
        "wrong_code",
        "wrong_decision",
        "wrong_end",
        "wrong_headers",
        "wrong_logo",
        "wrong_origin",
        "wrong_refund",
        "wrong_signature",
        "wrong_treasury",
    },
    # Not for this caller, or not here.
    403: {"business_suspended", "sign_up_closed"},
    # There is no such thing, or it is somebody else's.
    404: {"not_found"},
    # It is right, but not now: what is there stands against it.
    409: {
        "address_stands",
        "another_signed",
        "being_settled",
        "cannot_connect",
        "code_over",
        "conflict",
        "endpoint_disabled",
        "idempotency_key_in_use",
        "keys_to_settle",
        "last_owner",
        "link_closed",
        "money_on_its_way",
        "network_unavailable",
        "no_address_yet",
        "no_second_factor",
        "no_treasury",
        "not_collected_yet",
        "not_for_operators",
        "not_mailed",
        "not_payable_again",
        "not_settled",
        "not_to_be_signed",
        "nothing_to_collect",
        "nothing_to_decide",
        "nothing_to_refund",
        "nothing_to_withdraw",
        "rate_unavailable",
        "reference_paid",
        "reference_taken",
        "refund_not_open",
        "sending_held",
        "session_not_open",
        "shop_paused",
        "still_needed",
        "test_mode_only",
        "test_running",
        "too_many_endpoints",
        "wrong_account",
    },
    # It was there, and is over.
    410: {"invitation_over"},
    # It cannot be read.
    415: {"unsupported_content_encoding"},
    # The key of another request.
    422: {"idempotency_key_reused"},
    # Too often: later.
    429: {"searched_lately", "too_many_letters"},
    # Somebody else cannot be reached, or did not answer.
    503: {"facilitator_unavailable", "settlement_in_doubt"},
}
# Two rules say it: nobody is there to hold a key (409), and who asks is no owner any more (403).
SAID_BY_TWO = {"no_owner": {403, 409}}


def refusals(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for each in of.__subclasses__():
        yield each
        yield from refusals(each)


def load_all() -> None:
    for app in APPS:
        for found in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            if not {"migrations", "management"} & set(found.name.split(".")):
                import_module(found.name)


def test_each_refusal_has_its_code_and_status() -> None:
    load_all()
    said = defaultdict(set)
    for each in refusals():
        if each.__module__.split(".")[0] in APPS:
            said[each.code].add(each.status)
    promised = {code: {status} for status, codes in PROMISED.items() for code in codes}
    assert dict(said) == promised | SAID_BY_TWO
