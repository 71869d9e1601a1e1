// The part of the page that changes: asks the server for it, and puts it in place without losing the buyer's place.

import { within } from "./patience.js";
import { news, repeater, saysNow, stateNews, words } from "./words.js";

const LONGEST_PAUSE_MS = 10_000;
const PATIENCE_MS = 15_000; // with an answer; then the connection counts as lost

let versions = 0; // how many were put in place

const live = () => document.getElementById("live");

/** Follows the session's status; `enhance` is given each new version of the live part. */
export function follow(enhance) {
  let failures = 0;
  let timer = null;
  let sayAgain = stateNews; // what the line of news said before the connection was lost

  async function ask() {
    clearTimeout(timer);
    try {
      await update(enhance);
      // A form may have said it, too.
      if (saysNow(words("offline"))) sayAgain();
      sayAgain = stateNews;
      failures = 0;
    } catch {
      failures += 1;
      if (failures === 2 && !saysNow(words("offline"))) {
        sayAgain = repeater();
        news(words("offline"), "warn");
      }
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    const pause = Number(live().dataset.poll) * 1000 * 2 ** failures;
    timer = setTimeout(ask, Math.min(pause, Math.max(LONGEST_PAUSE_MS, Number(live().dataset.poll) * 1000)));
  }

  // A buyer who comes back from the wallet's app sees the news at once.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("online", ask);
  plan();
}

async function update(enhance) {
  const { statusUrl, version } = live().dataset;
  const before = versions;
  const headers = { "If-None-Match": `"${version}"` };
  const response = await fetch(statusUrl, { headers, cache: "no-store", signal: within(PATIENCE_MS) });
  if (response.status === 304) return;
  if (!response.ok) throw new Error(`status ${response.status}`);
  const html = await response.text();
  // What was asked for before the buyer changed something, or before a newer answer came, is no news any more.
  if (versions === before) replace(html, enhance);
}

/** An answer came, and it is no page of the payment. */
export class NotTaken extends Error {}

/** Sends a form, or follows a link, without leaving the page. Throws `NotTaken`, or that there is no connection. */
export async function inPlace(url, options, enhance) {
  await show(await fetch(url, { ...options, signal: within(PATIENCE_MS) }), enhance);
}

/** Tells the server something that no form of the page says. Throws, and shows nothing, unless it was taken. */
export async function tell(url, said, enhance) {
  const body = new URLSearchParams(said);
  const response = await fetch(url, { method: "POST", body, signal: within(PATIENCE_MS) });
  if (!response.ok) throw new NotTaken();
  await show(response, enhance);
}

async function show(response, enhance) {
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
  if (!isPage || !replace(await response.text(), enhance)) throw new NotTaken();
  // Loaded again it shows this; a refused form's address is none of the page.
  if (response.ok) history.replaceState(null, "", response.url);
}

function replace(html, enhance) {
  const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  const current = live();
  if (!next) return false;
  versions += 1;
  const hasTurned = next.dataset.state !== current.dataset.state;
  const hasNews = hasTurned || next.dataset.news !== current.dataset.news;
  const focused = current.contains(document.activeElement) ? document.activeElement : null;
  for (const details of current.querySelectorAll("details[id]")) {
    next.querySelector(`#${details.id}`)?.toggleAttribute("open", details.open);
  }
  for (const { name } of current.attributes) {
    if (!next.hasAttribute(name)) current.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) current.setAttribute(name, value);
  for (const part of current.querySelectorAll("[data-part]")) {
    const newer = next.querySelector(`[data-part="${part.dataset.part}"]`);
    if (newer) part.replaceWith(document.adoptNode(newer));
  }
  document.title = next.dataset.title;
  if (hasNews) stateNews();
  enhance(current);
  if (focused && !focused.isConnected) refocus(current, focused, hasTurned);
  return true;
}

function refocus(page, focused, hasTurned) {
  const same = focused.id && !hasTurned ? page.querySelector(`#${CSS.escape(focused.id)}`) : null;
  const alike = focused.dataset?.copy ? page.querySelector(`[data-copy="${CSS.escape(focused.dataset.copy)}"]`) : null;
  (same ?? alike ?? page.querySelector("#headline")).focus({ preventScroll: true });
}
