// A pressed button says that it works, and is not pressed twice; what takes long says so. Without this script nothing is
// lost: a form that makes something makes it once.

const SLOW_MS = 300; // what is answered sooner needs no word
const FILE_MS = 4_000; // no page is told that its file has come
const PATIENCE_MS = 40_000; // longer than any answer takes: it will not come, and may be asked for again

const line = document.querySelector("[data-working]");
const endings = new Map(); // by the form, link or button of a file that is at work

/** Says `words` in its button if one was pressed, else in the page's line, until the answer replaces the page. */
function begin(of, button, words, patience) {
  endings.get(of)?.();
  const before = button ? [...button.childNodes] : [];
  const slow = setTimeout(() => {
    line.textContent = words;
    line.classList.toggle("visually-hidden", Boolean(button));
    if (!button) return;
    button.style.minInlineSize = `${button.offsetWidth}px`;
    button.replaceChildren(words);
  }, SLOW_MS);
  of.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true");

  function end() {
    clearTimeout(slow);
    clearTimeout(late);
    endings.delete(of);
    of.removeAttribute("aria-busy");
    line.textContent = "";
    if (!button?.hasAttribute("aria-disabled")) return;
    button.removeAttribute("aria-disabled");
    button.replaceChildren(...before);
    button.style.minInlineSize = "";
  }
  const late = setTimeout(end, patience);
  endings.set(of, end);
}

/** Whether what it is answered with replaces this page: not where it goes to a frame or another tab. */
function staysHere(target) {
  return target === "" || target === "_self";
}

// Before anybody asks whether it shall be sent. Looking for other words meanwhile is no second press.
document.addEventListener("submit", (event) => {
  const isAtWork = endings.has(event.target) || endings.has(event.submitter);
  if (event.target.method !== "post" || !isAtWork) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || !staysHere(submitter?.formTarget || form.target)) return;
  const isFile = submitter?.dataset.file !== undefined;
  const words = isFile ? "Making the file …" : form.method === "post" ? "Working …" : "Looking …";
  // A file leaves the page as it is: the form's other buttons can be pressed meanwhile.
  begin(isFile ? submitter : form, submitter, words, isFile ? FILE_MS : PATIENCE_MS);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const isWithin = link.href.split("#")[0] === location.href.split("#")[0] && link.hash;
  if (link.origin !== location.origin || !staysHere(link.target) || isWithin) return;
  const isFile = link.hasAttribute("download") || link.dataset.file !== undefined;
  begin(link, null, isFile ? "Making the file …" : "Loading …", isFile ? FILE_MS : PATIENCE_MS);
});

// The browser's way back shows the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const end of endings.values()) end();
});
