"""Every call of the API × every stranger: no key, wrong ones, another business, the other mode, mixed ids."""

import pytest

from tests.strangers.calling import Findings, by_key, suspended, undone
from tests.strangers.row import Row, calls, mixtures
from tests.strangers.rows_api import API
from tests.strangers.size import counted
from tests.strangers.world import SCOPES, world


def test_each_call_has_its_row_and_each_row_its_call() -> None:
    there = {(name, method) for method, _, name in calls()}
    assert {(row.route, row.method) for row in API} == there, "Give each call a row in tests/strangers/rows_api.py."


@pytest.mark.django_db
@pytest.mark.parametrize("row", API, ids=str)
def test_a_stranger_gets_nothing_by_a_call(row: Row, unlimited: None, request: pytest.FixtureRequest) -> None:
    zoe, live, yan = world("zoe"), world("zoe", "live"), world("yan")
    own = row.address_ids(*[zoe] * len(row.of_a_business))
    findings = Findings(row)
    with findings.nothing_changes("a stranger"):
        for who, secret, status in (
            ("nobody", "", 401),
            ("a guesser", "sk_test_" + "0" * 40, 401),
            ("a revoked key", zoe.secrets["revoked"], 401),
            ("a key whose time is over", zoe.secrets["expired"], 401),
            ("a key of somebody who was removed", zoe.secrets["orphan"], 401),
            *((f"a key that may only {scope}", zoe.secrets[scope], 403) for scope in SCOPES if scope != row.scope),
        ):
            findings.expect(who, by_key(row, zoe, own, secret), status)
        if row.of_a_business:
            for who, secret in (("another business", yan.secrets["key"]), ("the other mode", live.secrets["key"])):
                findings.expect(who, by_key(row, zoe, own, secret), 404)
        for said, ids in mixtures(row, zoe, {"yan": yan, "live": live}):
            findings.expect(f"the owner with {said}", by_key(row, zoe, ids, zoe.secrets["key"]), 404)
        for name, word in row.query.items():
            for other in (yan, live):
                answer = by_key(row, zoe, own, zoe.secrets["key"], {name: other.ids[word]})
                findings.expect(f"the owner with a stranger's {name}", answer, row.query_done)
                if row.query_done == 200:
                    findings.hold_nothing_of_others(f"the owner with a stranger's {name}", answer, zoe)
    with suspended(yan), findings.nothing_changes("a suspended business", but="merchants_app_merchant"):
        answer = by_key(row, yan, row.address_ids(*[yan] * len(row.of_a_business)), yan.secrets["key"])
        findings.expect("a suspended business, at home", answer, 403)
    if row.apart:
        request.node.add_marker(pytest.mark.moves_everybody("it is undone with the test"))
    for who, caller, word in (
        ("the owner", zoe, "key"),
        ("a key with the scope alone", zoe, row.scope),
        ("the owner in live mode", live, "key"),
        ("another business, at home", yan, "key"),
    ):
        ids = row.address_ids(*[caller] * len(row.of_a_business))
        with undone(row), findings.others_stay(who, caller):
            answer = by_key(row, caller, ids, caller.secrets[word])
            findings.expect(who, answer, (row.live_done or row.done) if caller is live else row.done)
            findings.hold_nothing_of_others(who, answer, caller)
    counted(request, findings)
    findings.check()
