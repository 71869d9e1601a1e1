"""Twenty receivers of every character in one process of its own: `python -m tests.webhooks_app.sending.chaos_receiver`.

Prints its port. A path begins with the manners (`/healthy/3`); what came is kept, and judged when GET /verdict asks,
with the secrets that POST /secrets gave.
"""

import asyncio
import json
import re
import sys
from collections import Counter, defaultdict
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_STATUS = {"healthy": b"200 OK", "slow": b"200 OK", "crawling": b"200 OK", "broken": b"500 Oops", "moved": b"302 Found"}
_WAITS = {"slow": 0.3, "crawling": 4.0}

came: dict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
secrets: dict[str, str] = {}


class Receiver(asyncio.Protocol):
    """HTTP/1.1, just enough of it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self.buffer[:end])
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < total:
                return
            head, body = self.buffer[:end], self.buffer[end + 4 : total]
            self.buffer = self.buffer[total:]
            self.take(head, body)

    def take(self, head: bytes, body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        manners = path.split("/")[1]
        if path == "/secrets":
            secrets.update(json.loads(body))
            self.say(b"200 OK", b"")
        elif path == "/verdict":
            self.say(b"200 OK", json.dumps(verdict()).encode())
        elif manners == "reset":
            self.transport.abort()
        elif manners != "hanging":
            came[path].append((head, body))
            asyncio.get_running_loop().call_later(_WAITS.get(manners, 0), self.say, _STATUS[manners], b"")

    def say(self, status: bytes, text: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))


def verdict() -> dict[str, Any]:
    """Per path: how many different ones came, which again, forged ones, subjects with gaps in their numbers, and events
    that came under two ids.
    """
    listed = {}
    for path, messages in came.items():
        webhook, ids, forged = Webhook(secrets[path]), Counter[str](), 0
        sequences: dict[str, set[int]] = defaultdict(set)
        names: dict[tuple[str, int], set[str]] = defaultdict(set)
        for head, body in messages:
            lines = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            headers = {name.decode().lower(): value.decode() for name, value in lines}
            try:
                webhook.verify(body, headers)
            except WebhookVerificationError:
                forged += 1
            event = json.loads(body)
            ids[headers["webhook-id"]] += 1
            sequences[event["subject"]].add(event["sequence"])
            names[event["subject"], event["sequence"]] |= {headers["webhook-id"], event["id"]}
        gaps = sum(numbers != set(range(1, max(numbers) + 1)) for numbers in sequences.values())
        renamed = sum(len(each) > 1 for each in names.values())
        again = {each: number - 1 for each, number in ids.items() if number > 1}
        listed[path] = {"different": len(ids), "again": again, "forged": forged, "gaps": gaps, "renamed": renamed}
    return listed


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # lives as long as who started it


if __name__ == "__main__":
    asyncio.run(main())
