// The sentences that only the script says, in the page's language: `words("walletBusy")`, `words("returning", 3)`,
// `words("priceChanged", { amount, former })`.

const found = () => document.getElementById("words").dataset;

// What a sentence names stands between two marks, as the server has it (sessions_app/sentences.py).
const kept = (fact) => (typeof fact === "number" ? String(fact) : `\u2068${plain(fact)}\u2069`);
const plain = (sentence) => sentence.replace(/[\u2068\u2069]/g, "");

export function words(name, value = "") {
  if (typeof value !== "object") return found()[name].replace("%s", () => kept(value));
  return found()[name].replace(/%\((\w+)\)s/g, (_, key) => kept(value[key]));
}

/** A sentence as nodes: a browser that translates the page leaves alone what is between marks. */
function nodesOf(sentence) {
  return sentence.split(/[\u2068\u2069]/).map((part, at) => {
    if (at % 2 === 0) return part;
    const fact = document.createElement("bdi");
    fact.translate = false;
    fact.textContent = part;
    return fact;
  });
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
  if (says.textContent !== plain(sentence)) says.replaceChildren(...nodesOf(sentence));
  line.dataset.says = sentence; // with its marks; kept here, as each joined script has this module to itself
}

export const saysNow = (sentence) => document.getElementById("news").textContent === plain(sentence);

/** Says again, when it is called, what the line says now. */
export function repeater() {
  const { classList, dataset } = document.getElementById("news-line");
  const sentence = dataset.says ?? document.getElementById("live").dataset.news; // that the server wrote into the line
  const tone = TONES.find((each) => classList.contains(each)) ?? "";
  return () => news(sentence, tone);
}

/** What the server says of the state; stays until something happens. */
export function stateNews() {
  const { news: sentence, tone } = document.getElementById("live").dataset;
  news(sentence, tone);
}
