// Keys for lists: / goes to the search, j and k walk through the rows, Enter opens one. Whoever cannot use them
// (speech input types letters) turns them off, for this browser.

const OFF = "keys-off";
// What of each row takes the focus; the row is what it stands in.
const rows = Array.from(
  document.querySelectorAll("[data-list] tbody > tr, [data-list] > li"), (row) => row.querySelector("th a, h2 a, summary, a"),
).filter(Boolean);
const search = document.querySelector("main [data-find]") ?? document.querySelector("[data-find]");
const hint = document.querySelector("[data-keys]");
const turn = hint.querySelector("button");

/** The row that has the focus, if one has. */
export function rowInHand() {
  return document.activeElement?.closest("[data-list] tbody > tr, [data-list] > li") ?? null;
}

/** Whether a key is none of ours: keys are off, something is being typed, or it belongs to the browser. */
export function isNotForUs(event) {
  const isTyping = event.target.closest?.("input:not([type=checkbox]), select, textarea, [contenteditable]");
  return isOff() || isTyping || event.ctrlKey || event.metaKey || event.altKey;
}

function isOff() {
  return localStorage.getItem(OFF) !== null;
}

/** Says whether the keys work, and offers the opposite. */
function sayKeys() {
  hint.hidden = rows.length === 0;
  turn.textContent = isOff() ? turn.dataset.on : turn.dataset.off;
}

function walk(by) {
  const row = rowInHand();
  const at = rows.findIndex((each) => row?.contains(each));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (isNotForUs(event)) return;
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "j") walk(1);
  if (event.key === "k") walk(-1);
});

// Empty filters say nothing: the address stays short enough to be read.
for (const form of document.querySelectorAll("form[data-sparing]")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of Array.from(formData)) if (value === "") formData.delete(name);
  });
}

turn.addEventListener("click", () => {
  if (isOff()) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  sayKeys();
});

sayKeys();
