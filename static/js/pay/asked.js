// What this browser's wallets were asked for a session. Kept outside the part of the page that changes, and shared by
// all tabs: whatever is drawn anew knows that a payment is under way, and nobody is asked for the same money twice.

const LASTS_MS = 60 * 60 * 1000; // as long as the server believes it: sessions_app/paying/announcing.py

const key = (session) => `tallystick:asked:${session}`;
const kept = new Map(); // where storage is refused (private windows): this tab knows at least

export const TAB = `${Date.now()}-${Math.random()}`;

/** The last request: {phase: "asking" | "sent", tab, at, amount, units, chainId, hash?}; null when there is none. */
export function asked(session) {
  const found = kept.get(session) ?? stored(session);
  return found && Date.now() - found.at < LASTS_MS ? found : null;
}

export function noteAsked(session, request) {
  try {
    localStorage.setItem(key(session), JSON.stringify(request));
  } catch {
    kept.set(session, request);
  }
}

export function forgetAsked(session) {
  kept.delete(session);
  try { localStorage.removeItem(key(session)); } catch { /* nothing was kept */ }
}

/** Calls `redraw` whenever another tab has asked, or was answered. */
export function whenAskedElsewhere(redraw) {
  window.addEventListener("storage", (event) => { if (event.key?.startsWith(key(""))) redraw(); });
}

/** Runs `work` while no other tab does so for this session; false when one does. `insists`: the buyer has looked into
 * the wallet and wants to be asked again, whatever another request still waits for. Old browsers have no such locks. */
export async function alone(session, work, insists) {
  if (!navigator.locks) {
    await work();
    return true;
  }
  const how = insists ? { steal: true } : { ifAvailable: true };
  try {
    return await navigator.locks.request(key(session), how, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return true; // it began, and another tab insisted meanwhile
  }
}

function stored(session) {
  try { return JSON.parse(localStorage.getItem(key(session))); } catch { return null; }
}
