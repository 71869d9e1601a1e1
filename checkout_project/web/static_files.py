"""How static files are kept and named: by their content, so that a browser that has one never asks for it again."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise leaves it untyped
    """Names files by their content once `collectstatic` has run, compressed and kept for a year.

    What it has not collected goes by its own name and is found where it lies: a working copy needs no collecting, and
    a file that is missing breaks no page.
    """

    support_js_module_import_aggregation = True  # modules name each other by their content too

    def stored_name(self, name: str) -> str:
        """The collected file's name, else the name as it is."""
        return str(super().stored_name(name)) if name in self.hashed_files else name
