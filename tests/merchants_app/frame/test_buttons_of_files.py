"""A button that makes a file says so (`data-file`): no page comes that would end its waiting."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest
from typing_extensions import override

from sessions_app.models import CheckoutSession
from tests.desk import Desk

MONTH = {"month": "2026-11"}  # where none is chosen yet


class Forms(HTMLParser):
    """The forms of a page: where each is sent, what is in it, and its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._choice = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({"method": of.get("method"), "action": of.get("action", ""), "typed": {}, "buttons": []})
        elif not self.found:
            return
        elif tag == "button" and of.get("type", "submit") == "submit":
            self.found[-1]["buttons"].append(of)
        elif tag == "input" and of.get("value") and of.get("type") != "checkbox":
            self.found[-1]["typed"][of["name"]] = of["value"]
        elif tag == "select":
            self._choice = of["name"]
        elif tag == "option" and ("selected" in of or self._choice not in self.found[-1]["typed"]):
            self.found[-1]["typed"][self._choice] = of["value"]


@pytest.mark.parametrize(("page", "files"), [("books", 2), ("books/exports", 2), ("customers/{customer}", 1)])
def test_the_buttons_that_are_answered_with_a_file_say_so(
    desk: Desk, session: CheckoutSession, page: str, files: int
) -> None:
    assert session.customer
    place = f"/dashboard/{desk.at}/{page.format(customer=session.customer.public_id)}"
    forms = Forms()
    forms.feed(desk.client.get(place).content.decode())
    made = 0
    for form in (form for form in forms.found if form["method"] == "post"):
        for button in form["buttons"]:
            typed = MONTH | form["typed"] | ({button["name"]: button.get("value", "")} if "name" in button else {})
            answer = desk.client.post(urljoin(place, form["action"]), typed)
            answer.getvalue()  # one file at a time
            is_file = answer.has_header("Content-Disposition")
            assert ("data-file" in button) == is_file, button
            made += is_file
    assert made == files
