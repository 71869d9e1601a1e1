"""How static files are kept and named: by their content, so that a browser that has one never asks for it again."""

from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from checkout_project.web.joined_files import joined_script, joined_styles

# What the buyer's page loads, with all that it needs.
JOINED = {
    "js/pay/pay.js": joined_script,
    "js/pay/wallet.js": joined_script,
    "js/pay/walletconnect.js": joined_script,
    "css/pay.css": joined_styles,
}


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise leaves it untyped
    """Names files by their content once `collectstatic` has run, compressed and kept for a year.

    What it has not collected goes by its own name and is found where it lies: a working copy needs no collecting, and
    a file that is missing breaks no page.
    """

    support_js_module_import_aggregation = True  # modules name each other by their content too

    def post_process(self, paths: dict[str, Any], *, dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Joins what is loaded together, before its content names it. `paths`: file → where its source is."""

        def source_of(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        joined = {} if dry_run else {name: join(name, source_of) for name, join in JOINED.items() if name in paths}
        for name, text in joined.items():
            self.delete(name)
            self.save(name, ContentFile(text.encode()))
        own = {name: (self, name) for name in joined}
        yield from super().post_process(paths | own, dry_run=dry_run, **options)

    def stored_name(self, name: str) -> str:
        """The collected file's name, else the name as it is."""
        return str(super().stored_name(name)) if name in self.hashed_files else name
