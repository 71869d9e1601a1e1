// Which ways to a wallet are shown, and which of them comes first. Decided as soon as the page's script runs, before what
// works them has come: nothing may move away under a finger.

/** `isNone`: no wallet was found in this browser. */
export function placeWallets(isNone) {
  const part = document.getElementById("wallet");
  if (!part) return;
  part.hidden = isNone && !part.querySelector("#other-wallet");
  for (const button of part.querySelectorAll("#pay-with-wallet, #sign-instead")) button.hidden = isNone;
  // One filled button: where a wallet is at hand, another app comes second.
  const app = document.getElementById("open-wallet");
  if (!app) return;
  app.classList.toggle("second", !isNone);
  app.classList.toggle("primary", isNone);
  const fold = app.parentElement;
  // Not again where it stands already: that would break off a press, and take the focus away.
  if (!isNone && fold.previousElementSibling !== part) part.after(fold);
}
