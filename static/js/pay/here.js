// The buyer's own time behind each moment that the page tells in UTC.

const STYLE = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };

export function tellHere(part) {
  for (const time of part.querySelectorAll("time[data-here]")) {
    const at = new Date(time.dateTime);
    if (time.dataset.told || at.getTimezoneOffset() === 0) continue;
    time.append(` (${new Intl.DateTimeFormat(document.documentElement.lang, STYLE).format(at)})`);
    time.dataset.told = "1";
  }
}
