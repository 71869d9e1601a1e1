"""What is wrong with a page as it stands: too wide, hidden from somebody, or untrue once it is translated."""

from playwright.sync_api import Page

from tests.pages.buyer import faults_of_access

# Widths that the page must fit, in pixels.
NARROW, PHONE, DESKTOP = 320, 390, 1280
_TRANSLATE = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { parentElement } = words.currentNode;
    if (parentElement.closest("script, style") || parentElement.closest("[translate=no]")) continue;
    words.currentNode.nodeValue = words.currentNode.nodeValue.replace(/[\\p{L}\\p{N}]/gu, "ж");
  }
}"""
_OVERFLOW = """() => {
  const widest = document.documentElement.scrollWidth;
  if (widest <= innerWidth) return "";
  const all = [...document.body.querySelectorAll("*")];
  const wide = all.filter(each => each.getBoundingClientRect().right > innerWidth + 1);
  return `${widest} px wide of ${innerWidth}: ${(wide.at(-1)?.outerHTML ?? "").slice(0, 80)}`;
}"""
_UNSEEN_BUTTONS = """() => [...document.querySelectorAll(".primary, .second, .net, .copy")]
  .filter(each => each.checkVisibility() && getComputedStyle(each).borderTopWidth === "0px")
  .map(each => each.outerHTML.slice(0, 80))"""


def overflow(page: Page) -> list[str]:
    """What stands out of the window at its side."""
    found = page.evaluate(_OVERFLOW)
    return [f"overflow: {found}"] if found else []


def access(page: Page) -> list[str]:
    """What axe-core finds."""
    return faults_of_access(page)


def unseen_buttons(page: Page) -> list[str]:
    """Buttons that nothing sets apart where the system paints all grounds alike."""
    return [f"no border: {each}" for each in page.evaluate(_UNSEEN_BUTTONS)]


def facts(page: Page) -> dict[str, str]:
    """What must never change in the buyer's hands: address, amount, network."""
    found = {"address": "#address", "amount": "#amount", "network": ".on bdi"}
    return {
        name: " ".join((page.locator(where).first.text_content() or "").split())
        for name, where in found.items()
        if page.locator(where).count()
    }


def after_translation(page: Page) -> list[str]:
    """What a translating browser changes of that; leaves the page translated."""
    before = facts(page)
    page.evaluate(_TRANSLATE)
    return [
        f"translated: {name} {was!r} became {facts(page)[name]!r}"
        for name, was in before.items()
        if facts(page)[name] != was
    ]
