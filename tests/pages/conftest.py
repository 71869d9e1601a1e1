"""What tests of pages have at hand beside a browser."""

from tests.facilitator import facilitator
from tests.pages.buyer import open_page, page_without_javascript
from tests.pages.member import open_dashboard
from tests.pages.wallet import opened

__all__ = ["facilitator", "open_dashboard", "open_page", "opened", "page_without_javascript"]
