"""The API as the commands need it: httpx with a key, a base address and errors in sentences."""

import json
import uuid
from decimal import Decimal
from typing import Any

import httpx

TRY_FOR_SECONDS = 30.0


class Refused(Exception):
    """The API said no, or did not answer; the message says what and, where known, which field."""


class Client:
    """Speaks to one Tallystick with one key. Numbers with a fraction are Decimal, both ways."""

    def __init__(self, *, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1/", headers=headers, timeout=TRY_FOR_SECONDS)

    def get(self, path: str, **query: Any) -> Any:
        """The answer's JSON."""
        return self.raw("GET", path, params={name: value for name, value in query.items() if value is not None}).json(
            parse_float=Decimal
        )

    def post(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> Any:
        """The answer's JSON; None where there is no content."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        headers |= {"Content-Type": "application/json"}
        answer = self.raw("POST", path, content=exact_json({} if body is None else body), headers=headers)
        return answer.json(parse_float=Decimal) if answer.content else None

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer as it came. Raises Refused for anything but a 2xx."""
        try:
            answer = self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Refused(f"{self.http.base_url.host} does not answer: {error}") from None
        if not answer.is_success:
            raise Refused(_reason(answer))
        return answer


def exact_json(value: Any, *, indent: int | None = None) -> str:
    """JSON in which a Decimal is a number, digit by digit."""
    digits: dict[str, str] = {}

    def mark(number: object) -> str:
        if not isinstance(number, Decimal):
            raise TypeError(f"{number!r} is no JSON")
        name = uuid.uuid4().hex
        digits[f'"{name}"'] = f"{number:f}"
        return name

    text = json.dumps(value, default=mark, indent=indent, ensure_ascii=False)
    for name, number in digits.items():
        text = text.replace(name, number)
    return text


def _reason(answer: httpx.Response) -> str:
    try:
        errors = answer.json()["errors"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    lines = [f"{error['attr']}: {error['detail']}" if error.get("attr") else error["detail"] for error in errors]
    return "\n".join(lines) + f"\n(HTTP {answer.status_code}, request {answer.headers.get('Request-Id', '?')})"
