// Copy buttons: shown only when there is a script to work them; what was copied is said in words too.

import { news, words } from "./words.js";

const SHOWN_MS = 2500;

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
      news(words("copyFailed"), "warn");
      return;
    }
  }
  news(words(button.dataset.copied), "good");
  const was = button.textContent;
  if (was === words("copied")) return; // pressed twice
  button.classList.add("done");
  button.textContent = words("copied");
  setTimeout(() => {
    button.classList.remove("done");
    button.textContent = was;
  }, SHOWN_MS);
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
