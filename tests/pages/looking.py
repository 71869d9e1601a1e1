"""What is wrong with a page as it stands: too wide, hidden from somebody, or untrue once it is translated."""

import re
from collections import Counter
from typing import Literal

from playwright.sync_api import Page

from chains_app.networks.networks import all_networks
from common.money import CURRENCIES
from tests.pages.buyer import faults_of_access

# Widths that the page must fit, in pixels.
NARROW, PHONE, DESKTOP = 320, 390, 1280
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
_TRANSLATE = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const { parentElement } = words.currentNode;
    if (parentElement.closest("script, style") || parentElement.closest("[translate=no]")) continue;
    words.currentNode.nodeValue = words.currentNode.nodeValue.replace(/[\\p{L}\\p{N}]/gu, "ж");
  }
}"""
_TEXT = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const said = [];
  while (words.nextNode()) {
    if (!words.currentNode.parentElement.closest("script, style")) said.push(words.currentNode.nodeValue);
  }
  return said.join("");
}"""
_OVERFLOW = """() => {
  const widest = document.documentElement.scrollWidth;
  if (widest <= innerWidth) return "";
  const all = [...document.body.querySelectorAll("*")];
  const wide = all.filter(each => each.getBoundingClientRect().right > innerWidth + 1);
  return `${widest} px wide of ${innerWidth}: ${(wide.at(-1)?.outerHTML ?? "").slice(0, 80)}`;
}"""
# Of folds with the same name the browser keeps one open at most.
_OPEN_FOLDS = """() => {
  const folds = [...document.querySelectorAll("details:not([open])")];
  for (const fold of folds) {
    fold.removeAttribute("name");
    fold.open = true;
  }
  return folds;
}"""
_UNSEEN_BUTTONS = """() => [...document.querySelectorAll(".primary, .second, .net, .copy")]
  .filter(each => each.checkVisibility() && getComputedStyle(each).borderTopWidth === "0px")
  .map(each => each.outerHTML.slice(0, 80))"""


def overflow(page: Page) -> list[str]:
    """What stands out of the window at its side."""
    found = page.evaluate(_OVERFLOW)
    return [f"overflow: {found}"] if found else []


def access(page: Page, *, has_script: bool = True, looks_alone: bool = False) -> list[str]:
    """What axe-core finds, in what lies in closed folds too.

    Without scripts a page can bring news in no other way than by loading itself again; where it does, nothing can be
    typed that would be lost.
    """
    opened = page.evaluate_handle(_OPEN_FOLDS)
    but = "" if has_script else "meta-refresh"
    found = faults_of_access(page, looks_alone=looks_alone, with_targets=True, but=but)
    opened.evaluate("folds => { for (const fold of folds) fold.open = false; }")
    return found


def unseen_buttons(page: Page) -> list[str]:
    """Buttons that nothing sets apart where the system paints all grounds alike."""
    return [f"no border: {each}" for each in page.evaluate(_UNSEEN_BUTTONS)]


def address(page: Page) -> str:
    """Where the page says to send to."""
    return "".join((page.locator("#address").text_content() or "").split())


def _facts_in(said: str) -> Counter[str]:
    """What must never change in the buyer's hands, and how often the page says it: addresses and transactions, amounts,
    networks."""
    networks = all_networks().values()
    units = {symbol for network in networks for symbol in network.assets} | set(CURRENCIES)
    names = sorted((network.name for network in networks), key=len, reverse=True)
    either = "|".join(map(re.escape, names))
    fact = rf"0x[0-9a-fA-F]{{20,}}|[0-9][0-9.,'\u202f\xa0]*\s(?:{'|'.join(units)})\b|\b(?:{either})\b"
    return Counter(" ".join(each.split()) for each in re.findall(fact, said))


def after_translation(page: Page) -> list[str]:
    """What a translating browser changes of that, or that there is nothing of it; leaves the page translated."""
    # At once: what the page brings meanwhile is no translation's fault.
    said, _, translated = page.evaluate(f"() => [{_TEXT}, {_TRANSLATE}, {_TEXT}].map(each => each())")
    before = _facts_in(said)
    lost = before - _facts_in(translated)
    if not before:
        return ["names no address, no amount and no network"]
    return [f"translated: {fact} in {times} of {before[fact]} places" for fact, times in lost.items()]
