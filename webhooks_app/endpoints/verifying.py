"""How a receiver checks that a message is ours, in each language: the examples of docs/webhooks.md, which are run."""

import re
from functools import lru_cache

from django.conf import settings

_GUIDE = settings.BASE_DIR / "docs" / "webhooks.md"
_SECTION = re.compile(r"^## Check the signature\n(.*?)^## ", re.DOTALL | re.MULTILINE)
_EXAMPLE = re.compile(r"^```(python|js|php)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SECRET = re.compile(r"whsec_\w+")
# From here on an example only shows itself at work.
_AT_WORK = re.compile(r"\n+(#|//) How it answers.*", re.DOTALL)
NAMES = {"python": "Python", "js": "Node", "php": "PHP"}


@lru_cache(maxsize=1)
def checks() -> dict[str, str]:
    """Name of the language → its code, without a secret."""
    section = _SECTION.search(_GUIDE.read_text(encoding="utf-8"))
    examples = _EXAMPLE.findall(section[1]) if section else []
    return {NAMES[language]: _AT_WORK.sub("", _SECRET.sub("whsec_…", code)).strip() for language, code in examples}
