"""An open page asks for its news, over connections that may break or never answer."""

from django.utils import timezone
from playwright.sync_api import Page, Route

from sessions_app.models import CheckoutSession
from sessions_app.paying.quoting import choose_option
from tests.pages.buyer import OpenPage, news


def test_a_connection_that_never_answers_counts_as_lost_and_is_tried_again(
    page: Page, open_page: OpenPage, session: CheckoutSession
) -> None:
    choose_option(session=session, asset="USDC", network="sandbox", now=timezone.now())
    page.clock.install()
    held = list[Route]()
    page.route("**/status", lambda route: held.append(route))
    open_page(session)
    news(page, "Waiting for your payment")
    for _ in range(4):
        page.clock.run_for(10_000)
    news(page, "No connection. Your payment is safe")
    page.unroute("**/status")
    page.clock.run_for(20_000)
    news(page, "Waiting for your payment")
