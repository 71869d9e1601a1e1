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
        given = {name: value for name, value in query.items() if value is not None}
        return self._json(self.raw("GET", path, params=given))

    def post(self, path: str, body: Any, *, idempotency_key: str | None = None) -> Any:
        """The answer's JSON."""
        return self._json(self.send(path, body, idempotency_key=idempotency_key))

    def send(self, path: str, body: Any = None, *, idempotency_key: str | None = None) -> httpx.Response:
        """A POST whose answer may be without content."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        headers |= {"Content-Type": "application/json"}
        return self.raw("POST", path, content=exact_json({} if body is None else body), headers=headers)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer as it came. Raises Refused for anything but a 2xx."""
        try:
            answer = self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Refused(f"{self.http.base_url.host} does not answer: {error}") from None
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Refused(f"This cannot be sent: {error}") from None
        if not answer.is_success:
            raise Refused(_reason(answer))
        return answer

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json(parse_float=Decimal)
        except ValueError:
            raise Refused(f"What answers at {self.http.base_url} is not Tallystick: look at --url.") from None


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
        lines = [f"{error['attr']}: {error['detail']}" if error.get("attr") else error["detail"] for error in errors]
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"HTTP {answer.status_code}"
    return "\n".join(lines) + f"\n(HTTP {answer.status_code}, request {answer.headers.get('Request-Id', '?')})"
