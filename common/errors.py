"""What a rule raises to say no. Each app derives its own; doors never catch them: `api_errors` answers."""

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """A rule was broken by the caller, in words for the caller.

    `code` is stable and may be relied on by programs; `status` is the HTTP status; `attr` names the field
    at fault (None: the request as a whole). `about` is what programs are told beside the sentence, by the names that
    the API has for it. A subclass sets the class attributes, an instance the sentence:

        class SessionNotOpen(DomainError):
            code, status = "session_not_open", 409

        raise SessionNotOpen("This session is completed; only an open one can be cancelled.")
    """

    code: ClassVar[str] = "invalid"
    status: ClassVar[int] = 400

    def __init__(self, detail: str, *, attr: str | None = None, about: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.attr = attr
        self.about = about or {}


class NotFound(DomainError):
    """There is no such thing, or it is not the caller's to see: both read the same."""

    code, status = "not_found", 404


class Conflict(DomainError):
    """The thing exists, but its state forbids this now."""

    code, status = "conflict", 409
