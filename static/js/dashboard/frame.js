// What every dashboard page gains with JavaScript; all of it works without.

/** Shows the copy buttons (useless without script, so they come hidden) and says when one has worked. */
function copyButtons(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const words = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, 1600);
    });
  }
}

/** Asks once more before an act that cannot be undone. */
function confirmations(root) {
  for (const form of root.querySelectorAll("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.confirm)) event.preventDefault();
    });
  }
}

/** Shows the print buttons, which do nothing without a script. */
function printButtons(root) {
  for (const button of root.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

copyButtons(document);
printButtons(document);
confirmations(document);
