// The buyer's own time behind each moment that the page tells in UTC.

// A clock of 24 hours in plain digits, as beside it, whatever the language is used to.
const STYLE = {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  hourCycle: "h23", numberingSystem: "latn",
};

/** What to write behind a moment in UTC; nothing for who lives by UTC. */
function behind(moment) {
  const at = new Date(moment);
  if (at.getTimezoneOffset() === 0) return "";
  return ` (${new Intl.DateTimeFormat(document.documentElement.lang, STYLE).format(at)})`;
}

/** A sentence that names such a moment, with that behind it; as it is where there is none. */
export function inBoth(sentence, moment) {
  return moment ? sentence.replace(/\d\d:\d\d UTC/, (utc) => utc + behind(moment)) : sentence;
}

export function tellHere(part) {
  for (const time of part.querySelectorAll("time[data-here]")) {
    if (!time.dataset.told) time.append(behind(time.dateTime));
    time.dataset.told = "1";
  }
}
