// The buyer's page. Everything works without this; with it, nothing needs a reload.

import { enableApps } from "./apps.js";
import { enableCopying } from "./copy.js";
import { runClocks } from "./countdown.js";
import { tellHere } from "./here.js";
import { NotTaken, follow, inPlace, tell } from "./live.js";
import { placeWallets } from "./place.js";
import { discoverWallets, wallets } from "./providers.js";
import { returnWhenPaid } from "./return.js";
import { news, words } from "./words.js";

let stopClocks = () => {};
let wallet = null; // what works it; most buyers pay from an app or an exchange, and never load that
let isLoading = false;

function enhance(live) {
  stopClocks();
  stopClocks = runClocks(live, () => renew(live));
  tellHere(live);
  enableCopying(live);
  if (wallet) wallet.enableWallet(live, { announce, look, wallets });
  else offerWallets();
  enableApps(live);
  enableInPlace(live);
  returnWhenPaid(live);
  if (live.querySelector("[data-renew-now]")) renew(live);
}

function enableInPlace(live) {
  for (const link of live.querySelectorAll("a[data-inplace]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState(null, "", link.href);
      inPlace(link.href, {}, enhance).catch(() => location.reload());
    });
  }
  for (const form of live.querySelectorAll("form[data-inplace]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form, event.submitter).catch(notSent);
    });
  }
}

const send = (form, submitter) =>
  inPlace(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, submitter)) }, enhance);

const notSent = (error) => news(words(error instanceof NotTaken ? "notTaken" : "offline"), "warn");

// The wallet has sent: the server shows that from now on, in every tab and after a reload.
// Whatever the page shows by then: the session may have ended, or been replaced, while the wallet's window was open.
const announce = (said, url) => tell(url ?? document.getElementById("live").dataset.sentUrl, said, enhance);

const look = (isAnew = false) => inPlace(isAnew ? location.pathname : location.href, {}, enhance);

// Wallets announce themselves now or late.
function offerWallets() {
  if (wallet) {
    wallet.draw();
    return;
  }
  placeWallets(wallets().length === 0);
  if (!isLoading && (wallets().length > 0 || document.getElementById("other-wallet"))) loadWallet();
}

async function loadWallet() {
  isLoading = true;
  wallet = await import("./wallet.js").catch(() => null);
  isLoading = false;
  if (wallet) wallet.enableWallet(document.getElementById("live"), { announce, look, wallets });
  else placeWallets(true); // without a connection: tried again with the next piece of news
}

// Only while somebody looks: a forgotten tab asks for no new price every quarter of an hour.
function renew(live) {
  const form = live.querySelector("#renew");
  if (!form) return;
  if (document.hidden) {
    document.addEventListener("visibilitychange", () => renew(document.getElementById("live")), { once: true });
    return;
  }
  const former = live.dataset.amount;
  send(form, null).then(
    () => {
      const { amount } = live.dataset;
      if (amount !== former) news(words("priceChanged", { amount, former }), "info");
    },
    () => news(words("renewFailed"), "warn"),
  );
}

enhance(document.getElementById("live"));
discoverWallets(offerWallets);
window.addEventListener("popstate", () => look().catch(notSent)); // back to what was shown before
follow(enhance);
