"""Nothing is lost, whatever dies. The full storm is `python -m bench webhook_chaos`."""

from collections import Counter

import pytest

from tests.webhooks_app.sending.chaos import Chaos, Result, run


@pytest.mark.django_db(transaction=True)
def test_killed_senders_and_redis_lose_nothing() -> None:
    result = run(Chaos(events=150, seconds=8, kill_every=2.5, end_leases=True))
    assert result.kills >= 2
    assert result.complete, result
    # Twice comes only what was on its way when a sender was killed, once more for each. How much that is, load decides.
    assert not result.unexplained, result


def test_a_kill_explains_one_repeat_of_what_was_on_its_way() -> None:
    seen = {"/healthy/0": {"again": {"evt_held": 1, "evt_held_once": 2, "evt_never_held": 1}}}
    held = Counter(
        {("/healthy/0", "evt_held"): 1, ("/healthy/0", "evt_held_once"): 1, ("/healthy/1", "evt_never_held"): 1}
    )
    unexplained = Result(seed=1, events=3, kills=1, endpoints=seen, held=held).unexplained
    assert unexplained == {("/healthy/0", "evt_held_once"): 1, ("/healthy/0", "evt_never_held"): 1}
