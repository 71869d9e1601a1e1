// In a shop's frame only: tells the shop how the payment goes, and keeps what lies elsewhere out of the frame.
//
// The shop's page (`tallystick.js`) says hello. It is answered, and told more, when the browser vouches that it is of an
// origin that the business allows; nobody else learns anything.

const RESULTS = { completed: "paid", expired: "expired", cancelled: "expired" };

const { shops: allowed, close } = document.getElementById("embedded").dataset;
const shops = allowed.split(" ").filter(Boolean);
let shop = null; // the origin around this page, once it has said hello
let told = "";

const live = () => document.getElementById("live");

function tell(type, more = {}) {
  const { session = null, status = null } = live()?.dataset ?? {};
  if (shop) window.parent.postMessage({ tallystick: type, session, status, ...more }, shop);
}

const tellHeight = () => tell("resize", { height: Math.ceil(document.body.getBoundingClientRect().height) });

function tellResult() {
  const { session, status, state } = live()?.dataset ?? {};
  const result = state === "reversed" ? undefined : RESULTS[status];
  const news = `${session} ${result}`; // the page may go on with the session in this one's place
  if (!shop || !result || told === news) return;
  told = news;
  tell(result, result === "paid" ? { successUrl: document.getElementById("back-to-shop")?.href ?? null } : {});
}

window.addEventListener("message", ({ source, origin, data }) => {
  if (source !== window.parent || !shops.includes(origin) || data?.tallystick !== "hello") return;
  shop = origin;
  told = "";
  tell("ready", { title: document.title, close, url: location.href });
  tellHeight();
  tellResult();
});

new ResizeObserver(tellHeight).observe(document.body);
new MutationObserver(tellResult).observe(document.body, { childList: true, subtree: true });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) tell("closed");
});

// The way back to the shop is the shop's own page around this one. A frame shows pages of payments alone: everything else
// opens beside it, the receipt too.
const FRAMED = /^\/(pay|l)\//;
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || !link.protocol.startsWith("http")) return;
  if (link.origin === location.origin && FRAMED.test(link.pathname)) return;
  link.target = link.id === "back-to-shop" ? "_top" : "_blank";
}, true);
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".leave")) target.target = "_top";
}, true);
