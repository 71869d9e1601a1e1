"""The web process's own life, as its loop has it: it says that it is ready, and again and again that it goes on.

By the loop that takes every request: one that hangs gives no sign, and threads that wait for PostgreSQL are no matter.
"""

import asyncio
from contextlib import suppress

from checkout_project.jobs.alive import EVERY_SECONDS, Sign, expect_none, expect_signs, tell_systemd
from checkout_project.jobs.jumps import CLOCK
from checkout_project.web.bodies import Receive, Send


async def give_signs_while_served(receive: Receive, send: Send) -> None:
    """ASGI's lifespan, from the server's start to its end."""
    await receive()
    expect_signs()
    with suppress(OSError):
        tell_systemd("READY=1")
    signs = asyncio.create_task(_give_signs(Sign()))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    signs.cancel()
    expect_none()
    await send({"type": "lifespan.shutdown.complete"})


async def _give_signs(sign: Sign) -> None:
    while True:
        sign.give()
        CLOCK.look()
        await asyncio.sleep(EVERY_SECONDS / 2)
