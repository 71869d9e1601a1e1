"""What the rules of this app refuse."""

from common.errors import Conflict, DomainError, NotFound


class UnsafeUrl(DomainError):
    """An endpoint may not be there."""

    code = "unsafe_url"


class WrongHeaders(DomainError):
    """A custom header may not be sent."""

    code = "wrong_headers"


class TooManyEndpoints(Conflict):
    """A merchant has as many endpoints as one may."""

    code = "too_many_endpoints"


class EndpointOff(Conflict):
    """Nothing is sent to an endpoint that is switched off."""

    code = "endpoint_disabled"


class StillTrying(Conflict):
    """As many tests as may run at once are running."""

    code = "test_running"


class AllHeld(Conflict):
    """Nothing leaves this installation: it is a copy, or was restored, and no operator has said that it may."""

    code = "sending_held"


class CannotConnect(Conflict):
    """A shop cannot be connected now; the sentence says why."""

    code = "cannot_connect"


class ConnectLater(CannotConnect):
    """Not now: what was allowed may still be there."""


class NoSuchEndpoint(NotFound):
    """Not the caller's endpoint, or none."""


class NoSuchEvent(NotFound):
    """Not the caller's event, or none."""


class NoSuchDelivery(NotFound):
    """Not the caller's delivery, or none."""
