// The preview beside the settings follows what is typed. Without this script its own buttons show it.

const PAUSE = 700;

const form = document.getElementById("settings");
const steps = form ? [...form.querySelectorAll("button[name=step]")] : [];
let shown = steps[0];
let timer = null;

function mark(step) {
  shown = step;
  for (const each of steps) {
    if (each === step) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
}

function follow() {
  clearTimeout(timer);
  timer = setTimeout(() => form.requestSubmit(shown), PAUSE);
}

if (shown) {
  mark(shown);
  for (const step of steps) step.addEventListener("click", () => mark(step));
  form.addEventListener("change", follow);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "file") follow();
  });
}
