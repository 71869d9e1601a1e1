"""The API's JSON: the parser and renderer of DRF with exact numbers."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from typing_extensions import override

from common.api.exact_json import WrongJson, dumps, loads_strict


class ExactJsonParser(BaseParser):
    """Request bodies. Broken JSON is a 400 that says where it breaks."""

    media_type = "application/json"

    @override
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as Python values; fractions as Decimal."""
        try:
            return loads_strict(stream.read().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8 at byte {error.start + 1}. Send it as UTF-8.") from None
        except WrongJson as error:
            raise ParseError(str(error)) from None


class ExactJsonRenderer(BaseRenderer):
    """Answers. Decimal becomes a JSON number, digit by digit."""

    media_type = "application/json"
    format = "json"
    charset = None

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The answer's bytes; none where there is no content."""
        return b"" if data is None else dumps(data).encode()
