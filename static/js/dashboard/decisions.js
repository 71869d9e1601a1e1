// The queue of decisions by keyboard, and only such answers for several as fit all that are chosen.

import { isNotForUs, rowInHand } from "./lists.js";

const form = document.querySelector("#several");
const boxes = [...document.querySelectorAll("input[name=case][data-answers]")];

/** Rests the buttons whose answer does not fit each chosen payment. */
function fit() {
  const chosen = boxes.filter((box) => box.checked);
  for (const button of form.querySelectorAll("button[name=kind]")) {
    const fits = chosen.every((box) => box.dataset.answers.split(" ").includes(button.value));
    button.disabled = chosen.length === 0 || !fits;
  }
}

if (form) {
  for (const box of boxes) box.addEventListener("change", fit);
  fit();
}

document.addEventListener("keydown", (event) => {
  if (isNotForUs(event)) return;
  const row = rowInHand();
  if (event.key === "x" && row) row.querySelector("input[name=case]")?.click();
  else if (event.key === "1" && row) row.querySelector(".deciding .button")?.click();
  else if (event.key === "z") document.querySelector("[data-undo]")?.click();
});
