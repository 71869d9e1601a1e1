"""A member in a browser: signed in at the dashboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.desk import Desk

OpenDashboard = Callable[..., Page]


@pytest.fixture
def open_dashboard(page: Page, live_server: LiveServer) -> OpenDashboard:
    """`open_dashboard(desk, "sessions")`: that page, as that person."""

    def show(desk: Desk, path: str) -> Page:
        cookie = desk.client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(f"{live_server.url}/dashboard/{desk.at}/{path}")
        return page

    return show
