// The queue of decisions by keyboard, and only such answers for several as fit all that are chosen.

import { isNotForUs, rowInHand } from "./lists.js";

const form = document.querySelector("#several");
const usual = new Map();
const boxes = [...document.querySelectorAll("input[name=case][data-answers]")];

/** What a payment can be answered: what is sent → what its button says. */
function answersOf(box) {
  return new Map(box.dataset.answers.split(";").filter(Boolean).map((answer) => answer.split("=")));
}

/** Rests the buttons whose answer does not fit each chosen payment; the others say what it is called there. */
function fit() {
  const chosen = boxes.filter((box) => box.checked).map(answersOf);
  for (const button of form.querySelectorAll("button[name=kind]")) {
    if (!usual.has(button)) usual.set(button, button.textContent);
    const names = new Set(chosen.map((answers) => answers.get(button.value)));
    button.disabled = chosen.length === 0 || names.has(undefined);
    button.textContent = button.disabled ? usual.get(button) : [...names].join(", or: ");
  }
}

/** How long a decision can still be taken back, to the second. */
function count() {
  for (const left of document.querySelectorAll("[data-until]")) {
    const seconds = Math.max(0, Math.ceil((Date.parse(left.dataset.until) - Date.now()) / 1000));
    left.textContent = seconds === 0 ? "now" : `in ${seconds} second${seconds === 1 ? "" : "s"}`;
  }
}

if (form) {
  for (const box of boxes) box.addEventListener("change", fit);
  fit();
}

count();
setInterval(count, 1000);

document.addEventListener("keydown", (event) => {
  if (isNotForUs(event)) return;
  const row = rowInHand();
  if (event.key === "x" && row) row.querySelector("input[name=case]")?.click();
  else if (event.key === "1" && row) row.querySelector(".deciding .button")?.click();
  else if (event.key === "z") document.querySelector("[data-undo]")?.click();
});
