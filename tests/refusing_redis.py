"""A Redis whose disk is full, as Debian sets it up: it answers what it holds, and takes no more changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.waiting import wait_until


@contextmanager
def unable_to_save(url: str) -> Iterator[None]:
    """As long as the block runs: its last try to save failed, since where its file belongs stands a folder."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        in_its_way = Path(client.config_get("dir")["dir"]) / client.config_get("dbfilename")["dbfilename"]
        in_its_way.mkdir()
        try:
            client.bgsave()
            wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
            client.config_set("save", "3600 1")
            yield
        finally:
            client.config_set("save", "")
            in_its_way.rmdir()
