"""The facilitator (x402): a service that brings transfers which were only signed to the chain, and pays their fee.

It is somebody else's: it can change neither amount nor receiver of what was signed, and nothing it says is believed
about money. Its answers are short, in time and of the right shape, or they are none.
"""

import time
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any, TypeVar

import httpx
import orjson
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chains_app.calls.places import NoPlace, place
from chains_app.evm.deadline_client import client, deadline
from chains_app.networks.networks import Network
from common.api.exact_json import WrongJson, loads_strict
from common.network.pause import Pause

X402_VERSION = 2
SCHEME = "exact"
VERIFY_SECONDS = 8.0
SETTLE_SECONDS = 40.0  # it may wait for the block
SUPPORTED_SECONDS = 2.0
MAX_BYTES = 64 * 1024
# Whom it serves is asked again after so long; so much sooner when it gave no answer.
REMEMBERED_SECONDS = 300.0
RETRY_SECONDS = 30.0
# One that cannot be reached is left alone for a while, so that not every web thread waits for it.
PAUSE_SECONDS = 5.0
_pause = Pause(PAUSE_SECONDS)


class FacilitatorAway(Exception):
    """It did not do what it was asked, for certain; the text says why."""


class FacilitatorInDoubt(Exception):
    """It was asked to send, and did not say that it has; the text says what it did instead.

    `tx_hash` is the transaction that it named all the same, empty when it named none.
    """

    def __init__(self, why: str, *, tx_hash: str = "") -> None:
        super().__init__(why)
        self.tx_hash = tx_hash


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)


_Shape = TypeVar("_Shape", bound=_Answer)


class _Verified(_Answer):
    isValid: bool
    invalidReason: Annotated[str, Field(max_length=500)] | None = None


class _Settled(_Answer):
    success: bool
    transaction: Annotated[str, Field(pattern=r"^(0x[0-9a-fA-F]{64})?$")] = ""
    network: str = ""
    errorReason: Annotated[str, Field(max_length=500)] | None = None


class _Kind(_Answer):
    x402Version: int
    scheme: str
    network: str


class _Supported(_Answer):
    kinds: list[_Kind]


def is_switched_on() -> bool:
    """Whether the operator has named one."""
    return bool(settings.FACILITATOR_URL)


def serves(network: Network) -> bool:
    """Whether it says that it brings transfers to this network. Asked rarely; meanwhile what it said last counts."""
    return is_switched_on() and network.caip2 in _known.networks(settings.FACILITATOR_URL)


def supported() -> frozenset[str]:
    """The networks (CAIP-2) to which it says just now that it brings transfers. Raises FacilitatorAway."""
    try:
        return _supported()
    except _NoAnswer as problem:
        raise FacilitatorAway(f"It {problem}.") from None


def verify(payment: dict[str, Any], requirements: dict[str, Any]) -> str:
    """Why it would not bring this transfer to the chain, in its own word; empty when it would.

    Raises FacilitatorAway.
    """
    try:
        status, answer = _ask("POST", "verify", VERIFY_SECONDS, _body(payment, requirements))
        verdict = _read(_Verified, answer)
    except _NoAnswer as problem:
        _pause.begin()
        raise FacilitatorAway(str(problem)) from None
    if not verdict.isValid:
        return verdict.invalidReason or "invalid"
    if status != httpx.codes.OK:
        raise FacilitatorAway(f"answered yes with status {status}")
    return ""


def settle(payment: dict[str, Any], requirements: dict[str, Any]) -> str:
    """Has it bring the transfer to the chain; returns the transaction's hash.

    Its no leaves in doubt: facilitators answer so, too, when they have sent and lost sight of it
    (`settlement_pending`). Raises FacilitatorAway, FacilitatorInDoubt.
    """
    try:
        status, answer = _ask("POST", "settle", SETTLE_SECONDS, _body(payment, requirements))
        settled = _read(_Settled, answer)
    except _NoAnswer as problem:
        if problem.was_sent:
            raise FacilitatorInDoubt(str(problem)) from None
        raise FacilitatorAway(str(problem)) from None
    named = settled.transaction.lower() if settled.network == requirements["network"] else ""
    if not settled.success:
        raise FacilitatorInDoubt(settled.errorReason or "failed", tx_hash=named)
    if status != httpx.codes.OK or not named:
        raise FacilitatorInDoubt(
            "said yes and named no transaction on the network that it was asked for", tx_hash=named
        )
    return named


class _NoAnswer(Exception):
    def __init__(self, why: str, *, was_sent: bool = True) -> None:
        super().__init__(why)
        self.was_sent = was_sent


@dataclass(slots=True)
class _Memory:
    """Which networks it serves, as it said last. One thread asks; the others go by what is known."""

    url: str = ""
    known: frozenset[str] = frozenset()
    until: float = 0.0
    asking: Lock = field(default_factory=Lock)

    def networks(self, url: str) -> frozenset[str]:
        is_new = self.url != url
        if (is_new or time.monotonic() >= self.until) and self.asking.acquire(blocking=is_new):
            try:
                if self.url != url or time.monotonic() >= self.until:
                    self._ask(url)
            finally:
                self.asking.release()
        return self.known

    def _ask(self, url: str) -> None:
        try:
            known = _supported()
        except _NoAnswer:
            # What it served a while ago it will serve again; of another one nothing is known.
            self.known, lasts = frozenset() if self.url != url else self.known, RETRY_SECONDS
        else:
            self.known, lasts = known, REMEMBERED_SECONDS
        self.url, self.until = url, time.monotonic() + lasts


_known = _Memory()


def forget_supported() -> None:
    """Forgets what it said, and that it was away."""
    _known.url, _known.until = "", 0.0
    _pause.end()


def _supported() -> frozenset[str]:
    """Raises _NoAnswer."""
    _, answer = _ask("GET", "supported", SUPPORTED_SECONDS, None)
    kinds = _read(_Supported, answer).kinds
    return frozenset(each.network for each in kinds if (each.x402Version, each.scheme) == (X402_VERSION, SCHEME))


def _body(payment: dict[str, Any], requirements: dict[str, Any]) -> bytes:
    asked = {"x402Version": X402_VERSION, "paymentPayload": payment, "paymentRequirements": requirements}
    return orjson.dumps(asked)


def _ask(method: str, path: str, seconds: float, body: bytes | None) -> tuple[int, Any]:
    """The status and the decoded JSON. Raises _NoAnswer."""
    if _pause.is_on:
        raise _NoAnswer("cannot be reached just now", was_sent=False)
    try:
        with place(), deadline(seconds):
            return _exchange(method, path, body)
    except NoPlace:
        raise _NoAnswer("is busy with other payments", was_sent=False) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise _NoAnswer("cannot be reached", was_sent=False) from None
    except httpx.TimeoutException:
        raise _NoAnswer("did not answer in time") from None
    except httpx.HTTPError:
        raise _NoAnswer("hung up") from None
    except (UnicodeDecodeError, WrongJson):
        raise _NoAnswer("answered with something that is not JSON") from None


def _exchange(method: str, path: str, body: bytes | None) -> tuple[int, Any]:
    # Not compressed: a small answer that unpacks to gigabytes is an old trick. And a connection each: one that was kept
    # may be hung up just then, and nobody would know whether it heard us.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
    headers["Content-Type"] = "application/json"
    if settings.FACILITATOR_TOKEN:
        headers["Authorization"] = f"Bearer {settings.FACILITATOR_TOKEN}"
    url = f"{settings.FACILITATOR_URL.rstrip('/')}/{path}"
    with _client().stream(method, url, content=body, headers=headers) as answer:
        text = bytearray()
        for piece in answer.iter_raw():
            text += piece
            if len(text) > MAX_BYTES:
                raise _NoAnswer(f"answered with more than {MAX_BYTES // 1024} kB")
        return answer.status_code, loads_strict(text.decode())


def _read(shape: type[_Shape], answer: Any) -> _Shape:
    try:
        return shape.model_validate(answer)
    except ValidationError:
        raise _NoAnswer("answered with JSON of another shape") from None


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    return client(timeout=SETTLE_SECONDS, headers={"User-Agent": "Tallystick"})
