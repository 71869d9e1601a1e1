"""`manage.py address`: where a session's deposit is, also of one that was made after the backup in use."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from chains_app.receiving.deposits import WrongAddress
from sessions_app.collecting.lost import Place, is_session_id, known_address, look_there, places_of, used_again


class Command(BaseCommand):
    """Says where, what is there, and what to sign to have it."""

    help = "Derives a session's deposit address, and says how to collect what is there. See docs/backup.md."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", help="Its id: cs_…; or the address that its buyer paid to: 0x…")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Asks the nodes of the networks that are switched on."""
        session = options["session"]
        if session.startswith("0x"):
            self._say_of_address(session)
            return
        if not is_session_id(session):
            raise CommandError(f"{session} is no session's id: it begins with cs_ and has 26 characters after that.")
        if known := known_address(session):
            self.stdout.write(f"{known}\nThis session is known here: manage.py look {session} looks for its money.")
            return
        self.stdout.write("This session is not known here. Its deposit is at the first address below that holds money:")
        for place in places_of(session):
            self._say(session, place, word="if of")
        self.stdout.write(
            "Of a business that receives by an xpub, the money is in its own wallet already. Where contracts serve "
            "again, the session may have had one of another: manage.py address 0x…, with the address that was paid to."
        )

    def _say_of_address(self, address: str) -> None:
        try:
            found = used_again(address)
        except WrongAddress as problem:
            raise CommandError(str(problem)) from None
        if found is None:
            raise CommandError(f"No session known here had a contract at {address}. Give the session's id: cs_…")
        made_for, place = found
        self.stdout.write(f"This contract was made for {made_for}, whoever has had it since:")
        self._say(made_for, place, word="of")

    def _say(self, made_for: str, place: Place, *, word: str) -> None:
        treasury = place.treasury
        self.stdout.write(f"{place.address}  {word} {treasury.merchant.name} ({treasury.mode}, {treasury.address})")
        for find in look_there(made_for, place):
            self.stdout.write(f"  {find.said}")
            for call in find.calls:
                self.stdout.write(f"    sign with any wallet: to {call.to}, value 0, data {call.data}")
