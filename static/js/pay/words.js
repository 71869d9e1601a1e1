// The sentences that only the script says, in the page's language: `words("walletBusy")`, `words("returning", 3)`,
// `words("priceChanged", { amount, former })`.

const found = () => document.getElementById("words").dataset;

export function words(name, value = "") {
  if (typeof value !== "object") return found()[name].replace("%s", String(value));
  return found()[name].replace(/%\((\w+)\)s/g, (_, key) => value[key]);
}

const TONES = ["good", "info", "warn"];

/** The line of news: everybody sees it, and screen readers are told it. The last news wins. `tone`: none while all goes
 * as usual, else "good", "info" or "warn". */
export function news(sentence, tone = "") {
  const line = document.getElementById("news-line");
  line.classList.remove(...TONES);
  if (tone) line.classList.add(tone);
  const says = document.getElementById("news");
  // The same sentence is not announced again with every change of the page.
  if (says.textContent !== sentence) says.textContent = sentence;
}

export const saysNow = (sentence) => document.getElementById("news").textContent === sentence;

/** Says again, when it is called, what the line says now. */
export function repeater() {
  const sentence = document.getElementById("news").textContent;
  const { classList } = document.getElementById("news-line");
  const tone = TONES.find((each) => classList.contains(each)) ?? "";
  return () => news(sentence, tone);
}

/** What the server says of the state; stays until something happens. */
export function stateNews() {
  const { news: sentence, tone } = document.getElementById("live").dataset;
  news(sentence, tone);
}
