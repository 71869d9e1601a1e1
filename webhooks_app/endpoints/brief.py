"""Each problem in a few words: for a heading, and for counts and tables. Sentences and advice: `problems.py`."""

from typing import NamedTuple

from webhooks_app.problems import Problem


class Words(NamedTuple):
    """Of one problem."""

    title: str
    brief: str = "answered {status}"


WORDS: dict[Problem, Words] = {
    Problem.DNS: Words("Its host name is not found", "host name not found"),
    Problem.PRIVATE_ADDRESS: Words("It leads to a private address", "private address"),
    Problem.PORT_NOT_ALLOWED: Words("Its port is not allowed", "port not allowed"),
    Problem.REFUSED: Words("Nothing listens there", "connection refused"),
    Problem.UNREACHABLE: Words("It cannot be reached", "not reachable"),
    Problem.CONNECT_TIMEOUT: Words("No connection comes about", "no connection in 10 s"),
    Problem.TLS_NAME: Words("Its certificate is for another name", "certificate for another name"),
    Problem.TLS_EXPIRED: Words("Its certificate has expired", "certificate expired"),
    Problem.TLS_UNTRUSTED: Words("Its certificate is not trusted", "certificate not trusted"),
    Problem.TLS: Words("No encrypted connection comes about", "no encrypted connection"),
    Problem.TIMEOUT: Words("It takes the connection, then says nothing", "no answer in 20 s"),
    Problem.RESET: Words("It cuts the connection", "connection cut"),
    Problem.NOT_HTTP: Words("It does not speak HTTP", "no HTTP answer"),
    Problem.REDIRECT: Words("It wants messages elsewhere"),
    Problem.UNAUTHORIZED: Words("It wants a password"),
    Problem.FORBIDDEN: Words("Something in front of it refuses messages"),
    Problem.NOT_FOUND: Words("There is nothing at its path"),
    Problem.METHOD_NOT_ALLOWED: Words("It does not take POST"),
    Problem.GONE: Words("It wants no more messages"),
    Problem.TOO_LARGE: Words("Messages are too large for it"),
    Problem.MEDIA_TYPE: Words("It does not take JSON"),
    Problem.TOO_MANY_REQUESTS: Words("It wants fewer messages"),
    Problem.REJECTED: Words("It refuses messages"),
    Problem.UNAVAILABLE: Words("Its proxy cannot reach the application"),
    Problem.SERVER_ERROR: Words("Its code fails at messages"),
    Problem.ODD_STATUS: Words("It answers neither yes nor no"),
    Problem.SECRET_UNREADABLE: Words("Its secret cannot be read here", "secret not readable here"),
    Problem.HEADERS_UNREADABLE: Words("Its headers cannot be read here", "headers not readable here"),
    Problem.URL_UNUSABLE: Words("Its URL cannot be used", "URL not usable"),
}


def brief(*, problem: str, status: int | None) -> str:
    """What went wrong, as `no answer in 20 s` or `answered 504`; empty when nothing did."""
    return WORDS[Problem(problem)].brief.format(status=status) if problem else ""
