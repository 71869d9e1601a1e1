"""Where in the dashboard somebody is: the business and the mode, both said by the address, so that two tabs differ."""

from typing import NamedTuple
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse

from common.modes import Mode


class Place(NamedTuple):
    """`/dashboard/<business>/<mode>/`."""

    business: str  # its public id
    mode: Mode

    def __str__(self) -> str:
        return f"{self.business}/{self.mode}"


class PlaceConverter:
    """`<place:at>` in a URL pattern: a business's public id and `test` or `live`."""

    regex = r"mer_[0-9a-z]{1,36}/(?:test|live)"

    def to_python(self, value: str) -> Place:
        """The place of a URL."""
        business, _, mode = value.partition("/")
        return Place(business, Mode(mode))

    def to_url(self, value: Place) -> str:
        """The words in the URL."""
        return str(value)


def page_at(address: str) -> str:
    """The address, if it can be opened; else that of the nearest page above: `…/webhooks/we_1` for `…/we_1/rotate`.

    What a POST draws may stand where only a POST is answered.
    """
    path = page = urlsplit(address).path
    while page and not _is_page(page):
        page = page.rpartition("/")[0]
    return address if page and page == path else page or reverse("dashboard-home")


def _is_page(path: str) -> bool:
    try:
        return not getattr(resolve(path).func, "takes_posts_alone", False)
    except Resolver404:
        return False
