"""What tests of pages have at hand beside a browser."""

from tests.pages.buyer import open_page, page_without_javascript
from tests.pages.member import open_dashboard

__all__ = ["open_dashboard", "open_page", "page_without_javascript"]
