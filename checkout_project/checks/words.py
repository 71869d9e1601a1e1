"""`manage.py check`: what buyers read must be there in each language that is offered."""

from typing import Any

from django.core.checks import CheckMessage, Error

from checkout_project.words.catalogues import is_compiled, languages


def translations_are_compiled(**_more: Any) -> list[CheckMessage]:
    """An error when a page would be offered in a language and come in English."""
    missing = [language for language in languages() if not is_compiled(language)]
    if not missing:
        return []
    return [
        Error(
            f"The translations are not compiled: {', '.join(missing)}.",
            hint="Run: python -m checkout_project.words compile",
            id="checkout_project.E002",
        )
    ]
