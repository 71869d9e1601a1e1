// What this browser's wallets were asked to send to an address: a session's, or that of the one in its place, which has
// the same (`place` names it without showing it). Kept outside the part of the page that changes, and shared by all tabs:
// whatever is drawn anew knows that a payment is under way, and nobody is asked for the same money twice.

const LASTS_MS = 60 * 60 * 1000; // as long as the server believes what no node knows: sessions_app/paying/announcing.py

const key = (place) => `tallystick:asked:${place}`;
const kept = new Map(); // where storage is refused (private windows): this tab knows at least

export const TAB = `${Date.now()}-${Math.random()}`;

/** The last request: {phase: "asking" | "sent", tab, at, amount, units, chainId, id?, hash?, from?, to?, data?, nonce?};
 * null when there is none. */
export function asked(place) {
  const found = kept.get(place) ?? stored(place);
  return found && Date.now() - found.at < LASTS_MS ? found : null;
}

export function noteAsked(place, request) {
  try {
    localStorage.setItem(key(place), JSON.stringify(request));
  } catch {
    kept.set(place, request);
  }
}

export function forgetAsked(place) {
  kept.delete(place);
  try { localStorage.removeItem(key(place)); } catch { /* nothing was kept */ }
}

/** Calls `redraw` whenever another tab has asked, or was answered. */
export function whenAskedElsewhere(redraw) {
  window.addEventListener("storage", (event) => { if (event.key?.startsWith(key(""))) redraw(); });
}

/** Runs `work` while no other tab does so for this place; false when one does. `insists`: the buyer has looked into
 * the wallet and wants to be asked again, whatever another request still waits for. Old browsers have no such locks. */
export async function alone(place, work, insists) {
  if (!navigator.locks) {
    await work();
    return true;
  }
  const how = insists ? { steal: true } : { ifAvailable: true };
  try {
    return await navigator.locks.request(key(place), how, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return true; // it began, and another tab insisted meanwhile
  }
}

function stored(place) {
  try { return JSON.parse(localStorage.getItem(key(place))); } catch { return null; }
}
