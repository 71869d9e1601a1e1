"""What readers know of blocks is forgotten between answers, the oldest first."""

from chains_app.evm.known import Known

LAST = 20_001


def test_what_one_answer_needs_is_known_to_its_end_and_the_oldest_is_forgotten() -> None:
    memory = Known()
    for number in range(LAST + 1):
        memory.placed("0xb", number, 7)
        memory.succeeded("0xb", f"0x{number}")

    def is_known(number: int) -> tuple[bool, bool]:
        return memory.place("0xb", number) == 7, memory.has_succeeded("0xb", f"0x{number}")

    assert {is_known(number) for number in range(LAST + 1)} == {(True, True)}
    memory.tidy()
    assert [is_known(number) for number in (0, 1, 2, LAST)] == [(False, False)] * 2 + [(True, True)] * 2
