"""JSON-RPC to one node: calls in batches as large as it takes, and what it refused asked again in smaller ones.

Callers learn three things: the node answered; it answered that this call cannot be done (RpcError); or it cannot be
used just now (NodeFailed) and another one may.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chains_app.evm.exchange import QUICK, Exchange, NodeFailed, RpcError, Throttled, TooMuch, error_in
from chains_app.evm.limits import Limits

REFUSALS_LAST = 300.0
SHORTEST_REST, _LONGEST_REST = 2.0, 120.0
# While no other node can answer, one is not left alone for longer than this, unless it asked for it.
LONGEST_SILENCE = 3.0
# How often the same is asked when what comes is no answer: most of that passes.
_TRIES = 3
# How long it is waited when a node wants fewer calls a second and does not say from when on.
_PAUSES = (0.3, 0.6, 1.2)
_LONGEST_WAIT = 3.0


class Call(NamedTuple):
    """A method and its parameters."""

    method: str
    params: tuple[Any, ...] = ()


class Node:
    """One node. Keeps its connection, and what was learned of its limits and health."""

    def __init__(self, url: str, limits: Limits | None = None, *, network: str = "") -> None:
        """network: its id, for the numbers; empty where nobody knows yet whether it is one of it."""
        self.url = url
        self._exchange = Exchange(url, network=network)
        self.host = self._exchange.host
        self.limits = limits or Limits()
        self._failures = 0
        self.rests_until = 0.0  # on the clock of `time.monotonic`
        self._silent_until = 0.0
        self.problem = ""  # what was wrong when it last failed, or made no sense
        self.clock = ""  # what it found ours to be when it last failed, as `ReaderUnavailable` has it
        self.calls = 0  # JSON-RPC calls made
        self.requests = 0  # HTTP requests they took
        self._refused: dict[str, float] = {}
        self.is_checked = False  # whether it has said that it belongs to the right chain

    def refuses(self, what: str) -> bool:
        """Whether it refused this lately: perhaps by a passing fault, so it is not remembered long."""
        return time.monotonic() < self._refused.get(what, 0.0)

    def refused(self, what: str) -> None:
        """It refused this."""
        self._refused[what] = time.monotonic() + REFUSALS_LAST

    @property
    def resting(self) -> float:
        """Seconds until it may be asked again; 0 when it may be."""
        return max(0.0, self.rests_until - time.monotonic())

    @property
    def may_be_woken(self) -> bool:
        """Whether it may be asked although it rests, because nobody else can answer."""
        return time.monotonic() >= min(self._silent_until, self.rests_until)

    @property
    def is_failing(self) -> bool:
        """Whether it failed when it was last asked."""
        return self._failures > 0

    def failed(self, problem: NodeFailed) -> None:
        """Leaves it alone for the time it asked for, or for ever longer times while it keeps failing."""
        self._failures += 1
        self.problem, self.clock = str(problem), problem.clock
        rest = problem.rest if problem.rest is not None else SHORTEST_REST * 2 ** min(self._failures - 1, 5)
        rest = min(max(rest, SHORTEST_REST), _LONGEST_REST)
        self.rests_until = time.monotonic() + rest
        self._silent_until = time.monotonic() + (rest if problem.rest is not None else min(rest, LONGEST_SILENCE))

    def worked(self) -> None:
        """It is well again."""
        self._failures = 0
        self.rests_until = 0.0

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call. Raises RpcError, NodeFailed."""
        (result,) = self.batch([Call(method, params)])
        if isinstance(result, RpcError):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of the calls; an RpcError stands for each that was refused. Raises NodeFailed.

        What is refused for its company is asked again in smaller parts, down to one call; what was answered is kept.
        """
        found: dict[int, Any] = {}
        waiting = list(range(len(calls)))
        most, pauses, is_refused = len(calls), list(_PAUSES), False
        while waiting:
            part = waiting[: min(most, self.limits.calls_at_once)]
            try:
                answers = self._answers([calls[at] for at in part])
                again = self._refused_for_company(calls, part, answers)
            except Throttled as problem:
                self._wait(problem, pauses)
                continue
            except TooMuch as problem:
                if len(part) == 1 or problem.rest is not None:
                    raise
                most, is_refused = self.limits.batch.less(len(part)), True
                continue
            found |= {at: answer for at, answer in zip(part, answers, strict=True) if at not in again}
            waiting = [*again, *waiting[len(part) :]]
            if len(again) < len(part):
                pauses = list(_PAUSES)
            if any(isinstance(answers[part.index(at)], Throttled) for at in again):
                self._wait(Throttled(self._wants_fewer), pauses)
            elif again:
                most, is_refused = self.limits.batch.less(len(part)), True
            elif is_refused:
                self.limits.batch.shrink(len(part))
                is_refused = False
            else:
                self.limits.batch.took(len(part))
        return [found[at] for at in range(len(calls))]

    # --- one request

    def _answers(self, calls: Sequence[Call]) -> list[Any]:
        """An answer to each: its result, an RpcError, or Throttled. What is no answer is asked for again at once."""
        for _ in range(_TRIES - 1):
            began = time.monotonic()
            try:
                answers = self._once(calls)
            except TooMuch as problem:
                if problem.is_plain or problem.rest is not None:
                    raise
                continue
            passing = [at for at, each in enumerate(answers) if isinstance(each, RpcError) and each.is_passing]
            if passing and time.monotonic() - began < QUICK:
                more = self._once([calls[at] for at in passing])
                for at, answer in zip(passing, more, strict=True):
                    answers[at] = answer
            return answers
        return self._once(calls)

    def _once(self, calls: Sequence[Call]) -> list[Any]:
        self.limits.pace.wait(len(calls))
        self.calls += len(calls)
        self.requests += 1
        bodies = [
            {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
            for number, call in enumerate(calls)
        ]
        answer = self._exchange.post(bodies if len(bodies) > 1 else bodies[0])
        if isinstance(answer, dict) and len(calls) == 1:
            answer = [answer | {"id": 0}]  # whoever refuses a request as a whole often names no id
        if not isinstance(answer, list):
            self._raise_for_whole(calls[0].method if len(calls) == 1 else "a batch", answer)
        by_id = {each.get("id"): each for each in answer if isinstance(each, dict)}
        answers = [self._matched(call, by_id.get(number, {})) for number, call in enumerate(calls)]
        self.limits.pace.took(sum(not isinstance(each, Throttled) for each in answers))
        return answers

    def _raise_for_whole(self, what: str, answer: Any) -> None:
        """A batch was answered by one object: an error that stands for all of it, or nothing that anybody knows."""
        error = error_in(what, answer) or _message_in(what, answer)
        if error is None:
            raise TooMuch(f"{self.host} did not answer {what} as JSON-RPC.")
        if error.is_rate_limit:
            raise Throttled(self._wants_fewer)
        raise TooMuch(f"{self.host}: {error}", is_plain=not error.is_passing)

    def _matched(self, call: Call, answer: Mapping[str, Any]) -> Any:
        if error := error_in(call.method, answer):
            return Throttled(self._wants_fewer) if error.is_rate_limit else error
        if "result" in answer:
            return answer["result"]
        if (said := _message_in(call.method, answer)) and said.is_rate_limit:
            return Throttled(self._wants_fewer)
        if said:
            raise TooMuch(f"{self.host}: {said}")
        raise TooMuch(f"{self.host} did not answer {call.method} as JSON-RPC.")

    def _refused_for_company(self, calls: Sequence[Call], part: Sequence[int], answers: list[Any]) -> list[int]:
        """Those to ask again, with fewer others. Where all were refused, the first tells by itself what it is about."""
        again = [
            at
            for at, answer in zip(part, answers, strict=True)
            if isinstance(answer, Throttled)
            or (isinstance(answer, RpcError) and answer.is_about_batch and len(part) > 1)
        ]
        if again or len(part) == 1 or not all(isinstance(answer, RpcError) for answer in answers):
            return again
        answers[0] = self._answers([calls[part[0]]])[0]
        if isinstance(answers[0], Throttled):
            return list(part)
        return [] if isinstance(answers[0], RpcError) else list(part[1:])

    @property
    def _wants_fewer(self) -> str:
        return f"{self.host} asks for fewer requests."

    def _wait(self, problem: Throttled, pauses: list[float]) -> None:
        """Goes on more slowly, unless it wants to be left alone for long, or that did not help. Raises Throttled."""
        self.limits.pace.shrink()
        pause = pauses.pop(0) if pauses else None
        if pause is None or (problem.rest or 0.0) > _LONGEST_WAIT:
            raise problem
        time.sleep(pause if problem.rest is None else max(problem.rest, pause))


def _message_in(method: str, answer: Any) -> RpcError | None:
    """What gateways in front of nodes say in place of an answer."""
    message = answer.get("message") if isinstance(answer, dict) else None
    return RpcError(method, 0, message) if isinstance(message, str) else None
