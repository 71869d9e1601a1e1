"""Routes without a parameter are found by looking them up, after their first request."""

from django.urls import ResolverMatch, URLResolver
from django.utils.functional import cached_property
from typing_extensions import override


class LiteralRoutes(URLResolver):
    """Resolves as Django does, and remembers where each path without a parameter led.

    Django tries one pattern after the other for every request, with an object for every level: three percent of what a
    new session costs in Python (`bench/api.py`). There are as many to remember as there are such routes.
    """

    @cached_property
    def _known(self) -> dict[str, ResolverMatch]:
        return {}

    @override
    def resolve(self, path: str) -> ResolverMatch:
        """Where the path leads. Raises Resolver404."""
        found = self._known.get(path)
        if found is None:
            found = super().resolve(path)
            if not found.args and not found.kwargs:
                self._known[path] = found
        return found
