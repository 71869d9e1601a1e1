"""Which status a session may go to from which, and on which way: a table to be read, not one that the code made."""

import pytest

from sessions_app.status import REFUND_MOVES, ForbiddenMove, RefundStatus, is_live, steps

# From the row to the column: `-` stays where it is, `x` never, else the steps that events are told for.
TABLE = """
             open             processing   completed             expired        cancelled
open         -                processing   processing,completed  expired        cancelled
processing   open             -            completed             open,expired   open,cancelled
completed    x                x            -                     x              x
expired      open             processing   processing,completed  -              open,cancelled
cancelled    open             processing   processing,completed  open,expired   -
"""
_COLUMNS = TABLE.split()[:5]
CELLS = [
    (row.split()[0], column, cell)
    for row in TABLE.strip().splitlines()[1:]
    for column, cell in zip(_COLUMNS, row.split()[1:], strict=True)
]


def test_the_table_is_whole() -> None:
    assert len(CELLS) == 25
    assert _COLUMNS == ["open", "processing", "completed", "expired", "cancelled"]


@pytest.mark.parametrize(("before", "after", "cell"), CELLS)
def test_a_session_goes(before: str, after: str, cell: str) -> None:
    if cell == "x":
        with pytest.raises(ForbiddenMove, match=f"{before} → {after}"):
            steps(before, after)
    else:
        assert [str(step.value) for step in steps(before, after)] == ([] if cell == "-" else cell.split(","))


def test_a_session_that_can_be_paid_or_is_being_confirmed_goes_on() -> None:
    assert [column for column in _COLUMNS if is_live(column)] == ["open", "processing"]


REFUNDS = {
    "waiting_for_address": "prepared withdrawn",
    "prepared": "seen withdrawn",
    "seen": "confirmed prepared",
    "confirmed": "prepared seen",  # only when the chain takes its branch back
    "withdrawn": "seen",
}


@pytest.mark.parametrize("before", RefundStatus.values)
def test_a_refund_goes(before: str) -> None:
    assert {move.value for move in REFUND_MOVES[RefundStatus(before)]} == set(REFUNDS[before].split())
