// What every dashboard page gains with JavaScript; all of it works without.

const SHOWN = {
  when: { dateStyle: "medium", timeStyle: "short" },
  exact: { dateStyle: "medium", timeStyle: "medium" },
};

/** Rewrites UTC times to the reader's own zone; the exact UTC time stays as the title. */
function localTimes(root) {
  for (const time of root.querySelectorAll("time[data-show]")) {
    const form = SHOWN[time.dataset.show];
    if (!form) continue;
    time.title = time.textContent.trim();
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, form);
  }
}

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

localTimes(document);
copyButtons(document);
confirmations(document);
