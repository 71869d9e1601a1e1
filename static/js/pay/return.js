// After "paid" the buyer is taken back to the shop: once, only in the tab that waited, and they may stay. Not where
// something is to be read first, or no shop's page to go to: then the line is not there. And not from a shop's frame:
// the shop's page is around it, and is told.

import { clockText } from "./countdown.js";
import { forget, recall, remember } from "./memory.js";
import { news, stateNews, words } from "./words.js";

const SECONDS = 10;

let timer = null;

/** Notes that this tab waits; starts the way back when it is shown "paid". */
export function returnWhenPaid(live) {
  const { session, state } = live.dataset;
  if (state !== "paid") {
    if (!("final" in live.dataset)) remember("waiting", session);
    return;
  }
  if (document.documentElement.classList.contains("embedded") || !recall("waiting", session)) return;
  forget("waiting", session); // the way back through the browser's history shows the receipt and stays
  countDown(live, SECONDS);
}

function countDown(live, seconds) {
  const line = live.querySelector("#returning");
  if (!line) return;
  line.hidden = false;
  line.querySelector("button").addEventListener("click", () => {
    clearTimeout(timer);
    line.hidden = true;
    stateNews();
    document.getElementById("headline").focus();
  });
  const tick = (left) => {
    line.firstElementChild.textContent = clockText(left);
    timer = left > 0 ? setTimeout(tick, 1000, left - 1) : void location.assign(live.querySelector("#back-to-shop").href);
  };
  tick(seconds);
  const { news: paid, tone } = live.dataset;
  news(`${paid} ${words("returning", seconds)}`, tone); // once; the clock beside it is only seen
}
