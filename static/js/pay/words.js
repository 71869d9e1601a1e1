// The sentences that only the script says, in the page's language: `words("walletBusy")`, `words("returning", 3)`.

const found = () => document.getElementById("words").dataset;

export const words = (name, value = "") => found()[name].replace("%s", String(value));

/** Tells screen readers something without moving the focus. Emptied first, so that the same sentence is said twice. */
export function say(sentence) {
  const region = document.getElementById("said");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = sentence; });
}
