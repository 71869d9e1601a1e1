"""Public ids: readable, random, never given out twice."""

import os
import re

from common.public_ids import new_public_id


def test_an_id_says_what_it_is_of_in_letters_that_cannot_be_confused() -> None:
    assert re.fullmatch(r"cs_[0-9abcdefghjkmnpqrstvwxyz]{26}", new_public_id("cs"))


def test_no_two_are_the_same() -> None:
    assert len({new_public_id("cs") for _ in range(1000)}) == 1000


def test_a_forked_process_makes_others_than_its_parent() -> None:
    new_public_id("cs")  # some more lie ready by now
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, " ".join(new_public_id("cs") for _ in range(20)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 10_000).decode().split()
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 20
    assert not set(theirs) & {new_public_id("cs") for _ in range(100)}
