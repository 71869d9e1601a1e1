"""`manage.py rescan`: reads blocks of a network again, for every address that was ever given out."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from chains_app.networks.networks import UnknownNetwork, network
from chains_app.reading.reader import ReaderUnavailable, WrongChain
from chains_app.reading.scanning import CursorMoved, position
from sessions_app.watching.rescanning import rescan


class Command(BaseCommand):
    """Says how far it is, and what was found."""

    help = "Reads blocks again and counts what nobody had seen, by the usual rules. See docs/networks.md."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--network", required=True, help="Its id, as in networks.toml.")
        parser.add_argument("--from", dest="first", required=True, type=int, help="The first block.")
        parser.add_argument("--to", dest="last", type=int, help="The last one; otherwise as far as was read.")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Reads no further than the watcher did: what is above is the watcher's."""
        try:
            found = network(options["network"])
        except UnknownNetwork:
            raise CommandError(f"There is no network {options['network']!r}: networks.toml has their ids.") from None
        read = position(found)
        if not found.is_enabled or read is None:
            raise CommandError(f"{found.name} was never read: name a node in {found.rpc_variable} and start a worker.")
        first, last = options["first"], options["last"]
        if not 0 <= first <= (read.number if last is None else min(last, read.number)):
            raise CommandError(f"--from has to be a block up to {read.number}, where reading is, and not above --to.")
        try:
            new, upto = rescan(found, first=first, last=last, progress=lambda at: self.stdout.write(f"Block {at}."))
        except (ReaderUnavailable, WrongChain) as problem:
            raise CommandError(str(problem)) from problem
        except CursorMoved as problem:
            raise CommandError(f"{problem}. Do it again: what was found until then is stored.") from problem
        self.stdout.write(f"Blocks {first} to {upto} are read again: {new} payment{'' if new == 1 else 's'} found.")
