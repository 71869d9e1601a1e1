"""What can go wrong with an attempt: a stable word for programs, a sentence and a piece of advice for people."""

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """The words, as stored with each attempt and shown by the API."""

    DNS = "dns"
    PRIVATE_ADDRESS = "private_address"
    PORT_NOT_ALLOWED = "port_not_allowed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_NAME = "tls_name"
    TLS_EXPIRED = "tls_expired"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    NOT_HTTP = "not_http"
    REDIRECT = "redirect"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    GONE = "gone"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    TOO_MANY_REQUESTS = "too_many_requests"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    SERVER_ERROR = "server_error"
    ODD_STATUS = "odd_status"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105  (a word, no password)
    HEADERS_UNREADABLE = "headers_unreadable"
    URL_UNUSABLE = "url_unusable"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`{status}` and `{detail}` are filled in from the attempt."""

    what: str
    advice: str


EXPLANATIONS: dict[Problem, Explanation] = {
    Problem.DNS: Explanation(
        "The host name could not be found in DNS ({detail}).",
        "Check the spelling of the URL, and that the name has an A or AAAA record that the internet can see.",
    ),
    Problem.PRIVATE_ADDRESS: Explanation(
        "The URL leads to a private address, which is not connected to ({detail})",
        "Use a public host name. For local development the operator can set WEBHOOK_ALLOW_PRIVATE=1.",
    ),
    Problem.PORT_NOT_ALLOWED: Explanation(
        "The URL's port is not one that webhooks may go to. {detail}",
        "Serve the endpoint on port 443, or ask the operator to add the port to WEBHOOK_PORTS.",
    ),
    Problem.REFUSED: Explanation(
        "Nothing listens at that address: the connection was refused.",
        "Check that your server runs, that it listens on this port, and that a firewall lets it through.",
    ),
    Problem.UNREACHABLE: Explanation(
        "The server could not be reached ({detail}).",
        "Check that the host is up and that its network can be reached from the internet.",
    ),
    Problem.CONNECT_TIMEOUT: Explanation(
        "No connection came about within 10 seconds.",
        "Usually a firewall drops it silently: let this gateway's address in, and check that the server is up and that "
        "its name server answers.",
    ),
    Problem.TLS_NAME: Explanation(
        "The TLS certificate is for another name ({detail}).",
        "Get a certificate that contains the URL's host name, or correct the host name.",
    ),
    Problem.TLS_EXPIRED: Explanation(
        "The TLS certificate has expired or is not valid yet ({detail}).",
        "Renew the certificate, reload your web server, and check its clock.",
    ),
    Problem.TLS_UNTRUSTED: Explanation(
        "The TLS certificate is not trusted ({detail}).",
        "Use a certificate of a public authority, and send the whole chain (often called fullchain.pem).",
    ),
    Problem.TLS: Explanation(
        "No encrypted connection could be made ({detail}).",
        "Check that this port speaks TLS 1.2 or later. If it speaks no TLS at all, let the URL begin with http://.",
    ),
    Problem.TIMEOUT: Explanation(
        "The server took the request but did not answer within 20 seconds.",
        "Answer 200 as soon as you have stored the event, and do the work afterwards in the background.",
    ),
    Problem.RESET: Explanation(
        "The connection was closed before an answer came ({detail}).",
        "Look for a crash or restart in your server's log, or a proxy or firewall that cuts connections.",
    ),
    Problem.NOT_HTTP: Explanation(
        "What came back is not a valid HTTP answer ({detail}).",
        "Check that the port is that of a web server, and that https:// is used where it speaks TLS.",
    ),
    Problem.REDIRECT: Explanation(
        "The server answered {status} and wants the message elsewhere: {detail} Redirects are not followed.",
        "Enter the final URL as the endpoint. Often only https://, www. or the slash at the end differ.",
    ),
    Problem.UNAUTHORIZED: Explanation(
        "The server answered 401: it wants a password or token.",
        "Take the endpoint out of password protection (the signature proves who sends), or add a custom header.",
    ),
    Problem.FORBIDDEN: Explanation(
        "The server answered 403: something in front of your code refused the message. {detail}",
        "Usually a firewall, bot protection (Cloudflare, ModSecurity) or CSRF check: make an exception for this path.",
    ),
    Problem.NOT_FOUND: Explanation(
        "The server answered 404: there is nothing at this path.",
        "Check the URL's path, also for a missing slash at the end, and that the route is deployed.",
    ),
    Problem.METHOD_NOT_ALLOWED: Explanation(
        "The server answered 405: it does not take POST at this path.",
        "Allow POST there. If it does, a redirect or proxy in front may have turned it into GET.",
    ),
    Problem.GONE: Explanation(
        "The server answered 410: it wants no more messages, so the endpoint was switched off.",
        "If that was a mistake, switch the endpoint on again: that sends what it missed.",
    ),
    Problem.TOO_LARGE: Explanation(
        "The server answered 413: the message is too large for it.",
        "Raise the limit of your web server for this path; 128 KB are enough.",
    ),
    Problem.MEDIA_TYPE: Explanation(
        "The server answered 415: it does not take application/json.",
        "Let the route accept JSON bodies, and read the raw body to check the signature.",
    ),
    Problem.TOO_MANY_REQUESTS: Explanation(
        "The server answered 429: it gets more messages than it wants.",
        "Take this gateway out of the rate limit, or answer quickly and work in the background.",
    ),
    Problem.REJECTED: Explanation(
        "The server answered {status}: it understood the message and refused it.",
        "Its answer usually says why. A failed signature check is common: use the raw body and this endpoint's secret.",
    ),
    Problem.UNAVAILABLE: Explanation(
        "The server answered {status}: the proxy in front cannot reach your application.",
        "Check that the application runs and that the proxy's own time limit is not too short.",
    ),
    Problem.SERVER_ERROR: Explanation(
        "The server answered {status}: your code failed while handling the message.",
        "Look for the error in your server's log at the time of this attempt.",
    ),
    Problem.ODD_STATUS: Explanation(
        "The server answered {status}, which is neither success nor a known error.",
        "Answer 200 or 204 once you have stored the event.",
    ),
    Problem.SECRET_UNREADABLE: Explanation(
        "The endpoint's secret can no longer be read with this installation's ENCRYPTION_KEYS.",
        "Rotate the endpoint's secret, or ask the operator to put the former key back.",
    ),
    Problem.HEADERS_UNREADABLE: Explanation(
        "The endpoint's own headers can no longer be read with this installation's ENCRYPTION_KEYS.",
        "Enter the headers again, or ask the operator to put the former key back.",
    ),
    Problem.URL_UNUSABLE: Explanation(
        "The URL cannot be used ({detail}).",
        "Enter a complete URL such as https://shop.example/webhooks.",
    ),
}

_BY_STATUS: dict[int, Problem] = {
    401: Problem.UNAUTHORIZED,
    403: Problem.FORBIDDEN,
    404: Problem.NOT_FOUND,
    405: Problem.METHOD_NOT_ALLOWED,
    410: Problem.GONE,
    413: Problem.TOO_LARGE,
    415: Problem.MEDIA_TYPE,
    429: Problem.TOO_MANY_REQUESTS,
    502: Problem.UNAVAILABLE,
    503: Problem.UNAVAILABLE,
    504: Problem.UNAVAILABLE,
}
_BY_HUNDRED = {3: Problem.REDIRECT, 4: Problem.REJECTED, 5: Problem.SERVER_ERROR}


def problem_of_status(status: int) -> Problem | None:
    """What an HTTP status means for us; None: success (any 2xx)."""
    if 200 <= status < 300:
        return None
    return _BY_STATUS.get(status) or _BY_HUNDRED.get(status // 100, Problem.ODD_STATUS)


def explain(*, problem: str, status: int | None = None, detail: str = "") -> Explanation | None:
    """The sentence and the advice for an attempt; None when nothing went wrong."""
    if not problem:
        return None
    found = EXPLANATIONS[Problem(problem)]
    what = found.what.format(status=status, detail=detail).replace(" ()", "").strip()
    return Explanation(what if what.endswith(".") else f"{what}.", found.advice)
