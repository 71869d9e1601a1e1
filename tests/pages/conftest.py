"""What tests of pages have at hand beside a browser."""

from tests.pages.buyer import open_page, page_without_javascript

__all__ = ["open_page", "page_without_javascript"]
