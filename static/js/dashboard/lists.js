// Keys for lists: / goes to the search, j and k walk through the rows, Enter opens one. Whoever cannot use them
// (speech input types letters) turns them off, for this browser.

const OFF = "keys-off";
const rows = Array.from(document.querySelectorAll("[data-list] tbody th a"));
const search = document.querySelector("main [data-find]") ?? document.querySelector("[data-find]");
const hint = document.querySelector("[data-keys]");

function isOff() {
  return localStorage.getItem(OFF) !== null;
}

/** Says whether the keys work, and offers the opposite. */
function sayKeys() {
  if (!hint) return;
  hint.hidden = false;
  hint.textContent = isOff() ? hint.dataset.on : hint.dataset.off;
}

function walk(by) {
  const at = rows.findIndex((row) => row.closest("tr").contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1);
  rows[next]?.focus();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (isOff() || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
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

hint?.addEventListener("click", () => {
  if (isOff()) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
  sayKeys();
});

sayKeys();
