// The sentences that only the script says, in the page's language: `words("walletBusy")`, `words("returning", 3)`.

const found = () => document.getElementById("words").dataset;

export const words = (name, value = "") => found()[name].replace("%s", String(value));

/** Tells screen readers something without moving the focus. Emptied first, so that the same sentence is said twice. */
export function say(sentence) {
  const region = document.getElementById("said");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = sentence; });
}

/** News that everybody sees: one line at the foot of the page, in place until the next one. */
export function news(sentence) {
  document.getElementById("news").textContent = sentence;
}
