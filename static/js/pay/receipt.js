// A receipt's own script: the buyer's local time beside UTC, and the button that prints.

for (const time of document.querySelectorAll("time[data-here]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const style = { dateStyle: "medium", timeStyle: "short" };
  const text = new Intl.DateTimeFormat(document.documentElement.lang, style).format(new Date(time.dateTime));
  time.textContent = `${text} (${zone.replaceAll("_", " ")})`;
  time.hidden = false;
}

const print = document.getElementById("print");
print?.addEventListener("click", () => window.print());
print?.removeAttribute("hidden");
