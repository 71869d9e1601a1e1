// Copy buttons: shown only when there is a script to work them; what was copied is said in words too.

import { news, words } from "./words.js";

const SHOWN_MS = 1600;

export function enableCopying(live) {
  for (const button of live.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    if (!copyOldWay(button.dataset.copy)) {
      news(words("copyFailed"));
      return;
    }
  }
  news(words(button.dataset.copied ?? "copied"));
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), SHOWN_MS);
}

// The clipboard interface exists on https pages only; a gateway on a local network may be without.
function copyOldWay(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return done;
}
