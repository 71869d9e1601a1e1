"""One attempt: sign, post, and say what became of it."""

import time
from datetime import UTC, datetime

import aiohttp

from common.network.outbound_http import guarded_connector
from webhooks_app.endpoints.endpoints import outbound_rules
from webhooks_app.problems import Problem
from webhooks_app.queue.delivery import Claim, Outcome
from webhooks_app.sending.diagnosis import TRANSPORT_ERRORS, Finding, finding_of_answer, finding_of_error
from webhooks_app.sending.targets import Target
from webhooks_app.signing import headers_for

SECONDS = 20.0
CONNECT_SECONDS = 10.0
ANSWER_KEPT = 1024

# Looking the name up and connecting are over within that time together, so that what hangs there is called by its name.
_LIMITS = aiohttp.ClientTimeout(total=SECONDS, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS)


def open_client() -> aiohttp.ClientSession:
    """What messages are sent with: guarded, without cookies, proxies or unpacking."""
    return aiohttp.ClientSession(
        connector=guarded_connector(outbound_rules()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=_LIMITS,
        auto_decompress=False,
        trust_env=False,
    )


async def attempt(client: aiohttp.ClientSession, target: Target, claim: Claim) -> Outcome:
    """Posts the message; whatever happens to it on the way is an outcome, not an error."""
    started_at, clock = datetime.now(UTC), time.perf_counter()
    status, answer, finding = await _post(client, target, claim, started_at)
    return Outcome(
        claim=claim,
        started_at=started_at,
        duration_ms=round((time.perf_counter() - clock) * 1000),
        status_code=status,
        problem=finding.problem if finding else "",
        detail=finding.detail if finding else "",
        answer_excerpt=answer,
    )


async def _post(
    client: aiohttp.ClientSession, target: Target, claim: Claim, now: datetime
) -> tuple[int | None, str, Finding | None]:
    if not target.keys:
        return None, "", Finding(Problem.SECRET_UNREADABLE)
    if target.headers is None:
        return None, "", Finding(Problem.HEADERS_UNREADABLE)
    signed = headers_for(keys=target.keys, message_id=claim.event_id, sent_at=int(now.timestamp()), body=claim.body)
    try:
        async with client.post(
            target.url, data=claim.body, headers=target.headers | signed, allow_redirects=False
        ) as response:
            answer = await _beginning_of(response)
            return response.status, answer, finding_of_answer(response.status, response.headers)
    except TRANSPORT_ERRORS as error:
        return None, "", finding_of_error(error)


async def _beginning_of(response: aiohttp.ClientResponse) -> str:
    """The first KB as text. The status has come by then, so a body that breaks off changes nothing."""
    kept = b""
    try:
        while len(kept) < ANSWER_KEPT and not response.content.at_eof():
            kept += await response.content.read(ANSWER_KEPT - len(kept))
    except TRANSPORT_ERRORS:
        pass
    return kept.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
