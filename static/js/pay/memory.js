// What this tab remembers of a session. Without storage (private windows may refuse it) the page merely remembers less.

const key = (what, session) => `tallystick:${what}:${session}`;

export function remember(what, session, value = "1") {
  try { sessionStorage.setItem(key(what, session), value); } catch { /* remembers less */ }
}

export function recall(what, session) {
  try { return sessionStorage.getItem(key(what, session)); } catch { return null; }
}

export function forget(what, session) {
  try { sessionStorage.removeItem(key(what, session)); } catch { /* nothing was kept */ }
}
