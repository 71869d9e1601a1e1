"""`manage.py list_currencies`: writes which currencies can be asked for, from the lists of the sources of rates."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chains_app.rates.currency_list import class_file, currencies_listed, pairs_file
from common.api.exact_json import loads_strict

_ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    """For whoever maintains Tallystick; a running gateway reads what was written."""

    help = (
        "Writes common/fiat/currencies.py and chains_app/rates/currency_pairs.toml from two files: "
        "Coinbase's answer to /v2/exchange-rates?currency=USD and Kraken's to /0/public/AssetPairs. See docs/rates.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The two answers, and where to write to."""
        parser.add_argument("coinbase", type=Path, help="file with Coinbase's answer")
        parser.add_argument("kraken", type=Path, help="file with Kraken's answer")
        parser.add_argument("--root", type=Path, default=_ROOT, help="the folder that holds common/ and chains_app/")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Both files, whole."""
        try:
            answers = [loads_strict(options[name].read_text(encoding="utf-8")) for name in ("coinbase", "kraken")]
            listed = currencies_listed(*answers)
        except (OSError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError) as fault:
            raise CommandError(f"These are not the two answers: {fault}") from None
        root: Path = options["root"]
        (root / "common/fiat/currencies.py").write_text(class_file(listed), encoding="utf-8")
        (root / "chains_app/rates/currency_pairs.toml").write_text(pairs_file(listed), encoding="utf-8")
        self.stdout.write(f"{len(listed)} currencies.")
