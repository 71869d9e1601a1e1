// Wallet apps on a phone: links that open this page inside the wallet. Nobody tells a page that no app has answered.

import { news, words } from "./words.js";

const ANSWERS_MS = 2500;

/** Watches the links: if the page is still in front a moment later, there is no such app. */
export function enableApps(live) {
  for (const link of live.querySelectorAll("a[data-app]")) link.addEventListener("click", () => watch(link.dataset.app));
}

function watch(name) {
  const silent = setTimeout(() => news(words("appSilent", name), "warn"), ANSWERS_MS);
  const answered = () => { if (document.hidden) clearTimeout(silent); };
  document.addEventListener("visibilitychange", answered, { once: true });
  window.addEventListener("pagehide", () => clearTimeout(silent), { once: true });
}
