"""A fast receiver for the measurements: answers POSTs at /ok at once, at /slow after 3 s, at /hang never.

Run as a process of its own (`python -m bench.webhooks.receiver`), so that it costs the sender no time but the cores'.
Prints its port. GET /count tells how many came, GET /latency the seconds from `timestamp` to receipt, and forgets them.
"""

import asyncio
import json
import re
import sys
import time

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_SENT = re.compile(rb'"sentAt": ?(\d+\.\d+)')
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

SLOW_SECONDS = 3.0

count = 0
latencies: list[float] = []


class Receiver(asyncio.Protocol):
    """HTTP/1.1, just enough of it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            found = _LENGTH.search(head)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < total:
                return
            body, self.buffer = self.buffer[end + 4 : total], self.buffer[total:]
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        global count
        if head.startswith(b"GET /count"):
            self.say({"count": count})
        elif head.startswith(b"GET /latency"):
            self.say({"seconds": latencies})
            latencies.clear()
        elif head.startswith(b"POST /hang"):
            return  # the client's own time limit ends it
        elif head.startswith(b"POST /slow"):
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self.transport.write, _OK)
        else:
            count += 1
            if sent := _SENT.search(body):
                latencies.append(time.time() - float(sent[1]))
            self.transport.write(_OK)

    def say(self, what: object) -> None:
        text = json.dumps(what).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # lives as long as who started it


if __name__ == "__main__":
    asyncio.run(main())
