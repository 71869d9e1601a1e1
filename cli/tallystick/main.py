"""The `tallystick` command."""

import argparse
import os
import re
import sys

import httpx

from tallystick import doctor, sessions, things
from tallystick.client import Client, Refused
from tallystick.listen import key_in, listen, new_secret
from tallystick.terminal import Terminal

SCENARIOS = "exact short rest over late late_short twice wrong_asset unlisted_token dropped reorged stuck"


def parser() -> argparse.ArgumentParser:
    """The command's words."""
    top = argparse.ArgumentParser(prog="tallystick", description="Try and drive a Tallystick from the command line.")
    top.add_argument("--api-key", default=os.environ.get("TALLYSTICK_API_KEY"), type=_key, help="or TALLYSTICK_API_KEY")
    top.add_argument(
        "--url",
        default=os.environ.get("TALLYSTICK_URL", "http://127.0.0.1:8000"),
        type=_url,
        help="where Tallystick is; or TALLYSTICK_URL (default: %(default)s)",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_listen(commands)
    _add_trigger(commands)
    _add_sessions(commands)
    things.add_to(commands)
    _add_doctor(commands)
    return top


def run(arguments: list[str] | None = None) -> int:
    """Does what the arguments say. 0: done; 1: refused; 2: not understood; 130: Ctrl-C; 141: nobody reads on."""
    options = parser().parse_args(arguments)
    errors = Terminal(sys.stderr)
    if not options.api_key and options.command != "doctor":
        errors.line("No API key: give --api-key or set TALLYSTICK_API_KEY. `make run` prints one.")
        return 2
    try:
        if options.command == "doctor":
            doctor.run(Terminal(), options)
        else:
            options.do(Client(url=options.url, key=options.api_key), Terminal(), options)
    except Refused as reason:
        errors.line(errors.paint(str(reason), "bad"))
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # `head` has read enough. Python flushes once more at its end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def _test_mode_only(options: argparse.Namespace) -> None:
    if not options.api_key.startswith("sk_test_"):
        raise Refused(f"{options.command} is for test mode: give a key that begins with sk_test_.")


def _trigger(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    _test_mode_only(options)
    sessions.trigger(client, terminal, options)


def _listen(client: Client, terminal: Terminal, options: argparse.Namespace) -> None:
    _test_mode_only(options)
    listen(
        client=client,
        to=options.forward_to,
        secret=options.secret or new_secret(),
        terminal=terminal,
        types=set(options.event or []),
        every=options.every,
        stop_after=options.rounds,
    )


def _number(text: str) -> str:
    """Checked here, so that a slip is told as one of usage."""
    sessions.amount(text)
    return text


def _key(text: str) -> str:
    if not re.fullmatch("[!-~]*", text):
        raise argparse.ArgumentTypeError("what is here or in TALLYSTICK_API_KEY is no key; `make run` prints one")
    return text


def _url(text: str) -> str:
    try:
        url = httpx.URL(text)
        url.raw_host.decode().encode("idna")  # refuses what no look-up of a name would take
        usable = url.scheme in ("http", "https") and url.host and (url.port or 0) < 2**16
    except (httpx.InvalidURL, UnicodeError):
        usable = False
    if not usable:
        raise argparse.ArgumentTypeError(f"{text!r} is no http:// or https:// URL")
    return text


def _secret(text: str) -> str:
    try:
        key_in(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a signing secret is whsec_ and base 64") from None
    return text


def _id(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9_]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no id: those have letters, digits and _ only")
    return text


def _seconds(text: str) -> float:
    if not 0 <= float(text) <= 86400:
        raise argparse.ArgumentTypeError("seconds are a number from 0 to 86400")
    return float(text)


def _add_listen(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("listen", help="forward test events to a URL on this machine, signed like webhooks")
    command.add_argument(
        "--forward-to", required=True, type=_url, metavar="URL", help="for example http://127.0.0.1:3000/webhooks"
    )
    command.add_argument("--event", action="append", metavar="TYPE", help="only this type (may be given again)")
    command.add_argument("--secret", type=_secret, help="sign with this whsec_… instead of a fresh one")
    command.add_argument("--every", type=_seconds, default=1.0, help="seconds between looks (default: %(default)s)")
    command.add_argument("--rounds", type=int, help=argparse.SUPPRESS)
    command.set_defaults(do=_listen)


def _add_trigger(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("trigger", help="make a test session and play a buyer")
    command.add_argument("scenario", choices=SCENARIOS.split(), metavar="SCENARIO", help=SCENARIOS)
    command.add_argument("--wait", type=_seconds, default=sessions.WAIT_SECONDS, help="seconds to watch it")
    _add_terms(command)
    command.set_defaults(do=_trigger)


def _add_sessions(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    group = commands.add_parser("sessions", help="create, look at and end checkout sessions")
    verbs = group.add_subparsers(dest="verb", required=True, metavar="VERB")
    create = verbs.add_parser("create", help="a new session")
    _add_terms(create)
    create.set_defaults(do=sessions.create)
    get = verbs.add_parser("get", help="one session")
    get.add_argument("id", type=_id)
    get.set_defaults(do=sessions.get)
    show = verbs.add_parser("list", help="the newest sessions")
    show.add_argument("--limit", type=int, default=20)
    show.add_argument("--status")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.set_defaults(do=sessions.show_list)
    for what in ("expire", "cancel"):
        end = verbs.add_parser(what, help=f"{what} an open session")
        end.add_argument("id", type=_id)
        end.set_defaults(do=sessions.end, what=what)


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("doctor", help="look at an installation from outside, and say how to mend it")
    command.add_argument("site", type=_url, metavar="URL", help="where people reach it: https://pay.example.com")
    command.add_argument("--page", type=_url, metavar="URL", help="a payment page of it, to look at its headers")
    command.add_argument("--receiver", type=_url, metavar="URL", help="your webhook receiver: is it there, and strict?")
    command.add_argument("--key", dest="api_key", type=_key, default=argparse.SUPPRESS, help="as --api-key")


def _add_terms(command: argparse.ArgumentParser) -> None:
    for name, default in sessions.SAMPLE.items():
        command.add_argument(f"--{name}", help=f"(default: {default})", type=_number if name == "amount" else str)
    command.add_argument("--reference", help="your order id: at most one live session has it")
    command.add_argument("--expiresAt", help="ISO 8601, 5 minutes to 7 days ahead")
    command.add_argument(
        "--metadata", action="append", type=sessions.pair, metavar="NAME=VALUE", help="may be given again"
    )
    command.add_argument(
        "--asset", action="append", metavar="SYMBOL", help="allow only this asset (may be given again)"
    )


if __name__ == "__main__":
    sys.exit(run())
