// "Pay with browser wallet". The panel is drawn anew with every piece of news; what was asked is not in it (asked.js).

import { ask, explained } from "./ask.js";
import { TAB, alone, asked, forgetAsked, noteAsked, whenAskedElsewhere } from "./asked.js";
import { placeWallets } from "./place.js";
import { followSent } from "./sent.js";
import { sign } from "./sign.js";
import { news, words } from "./words.js";

const UNREACHED = 4900; // as wallets say it
const TELL_AGAIN_MS = 4000;
const TAKE_BACK_TRIES = 10;
const BY_WALLET = "wallet"; // told in place of a hash while there is none: sessions_app/models/announcement.py
const SILENT_MS = 60_000; // a wallet that has not answered for so long may have closed its window

const BUTTONS = "#pay-with-wallet, #sign-instead, #other-wallet";

let step = ""; // what the wallet is doing right now, as a sentence
let refusal = ""; // what it said last
let said = ""; // what the line of news was told last
let offering = null; // while the buyer chooses among several wallets: how the one that is chosen is asked
let insists = false; // whether the buyer gave up an earlier request, and wants to be asked anew
let announce = () => {};
let look = () => {};
let wallets = () => [];
const announced = new Set();
const followed = new Set(); // transactions that a wallet is asked about
const sentUrls = new Map(); // by place, where what was asked of a wallet is told, whatever session is shown by then
let telling = Promise.resolve(); // one after the other: what is told last is what the server keeps
let other = null; // walletconnect.js, once it was asked for
let connection = null; // the wallet that is reached by it

/** Wires the panel's wallet part; hidden as long as there is no wallet. `given.announce` tells the server what was
 * sent, `given.look` has its page shown as it is by now (`look(true)`: whatever view the buyer had asked for before),
 * `given.wallets` are those found. */
export function enableWallet(live, given) {
  ({ announce, look, wallets } = given);
  const { place, undone } = live.dataset;
  if (undone && asked(place)?.hash?.toLowerCase() === undone) forgetAsked(place); // the server has it from the network
  announceOnce(place);
  followOn(place);
  const part = live.querySelector("#wallet");
  if (!part) {
    offering = null;
    return;
  }
  part.querySelector("#pay-with-wallet").addEventListener("click", () => start(place, ask));
  part.querySelector("#sign-instead")?.addEventListener("click", () => start(place, sign));
  part.querySelector("#other-wallet")?.addEventListener("click", () => startOther(place));
  part.querySelector("#ask-again").addEventListener("click", () => {
    forgetAsked(place);
    connection?.close();
    [refusal, insists] = ["", true];
    draw();
    focusOnPaying();
  });
  draw();
}

/** Shows the wallet part as things stand: some wallets announce themselves late, some tabs ask meanwhile. */
export function draw() {
  followOn(document.getElementById("live").dataset.place);
  const part = document.getElementById("wallet");
  if (!part) return;
  placeWallets(wallets().length === 0);
  other?.drawCode();
  const request = asked(document.getElementById("live").dataset.place);
  drawOffer(part.querySelector(".wallet-list"), request === null);
  for (const button of part.querySelectorAll(BUTTONS)) button.disabled = request !== null;
  part.querySelector("#ask-again").hidden = request === null || isAnswering(request);
  const sentence = request ? underWay(request, part) : refusal;
  // Said once: what the page has said since is newer.
  if (sentence && sentence !== said) news(sentence, request && isAnswering(request) ? "" : "warn");
  said = sentence;
}

whenAskedElsewhere(draw);

const isAnswering = ({ phase, tab, at }) => phase === "asking" && tab === TAB && Date.now() - at < SILENT_MS;

function underWay(request, part) {
  const isOther = request.units !== part.dataset.units || request.chainId !== part.dataset.chainId;
  return [about(request, part), isOther ? words("walletOtherAmount", request.amount) : ""].join(" ").trim();
}

function about(request, part) {
  if (request.phase === "sent") {
    if (request.isElsewhere) return words("walletSentElsewhere", part.dataset.network);
    return words(request.tab === TAB ? "walletSent" : "walletSentBefore");
  }
  if (request.tab !== TAB) return words("walletAskedElsewhere");
  return isAnswering(request) ? step : words("walletSilent");
}

// `how` asks the wallet: to send, or to sign.
function start(place, how) {
  const found = wallets();
  refusal = "";
  if (found.length === 1) pay(place, found[0].provider, how);
  if (found.length < 2) return;
  offering = how;
  draw();
  news(words("walletChoose"), "info");
  document.getElementById("wallet-0")?.focus();
}

const focusOnPaying = () => document.querySelector("#pay-with-wallet:not([hidden]), #other-wallet")?.focus();

// A wallet that is not in this browser. Pressed once more, while its code is shown, it is given up.
async function startOther(place) {
  if (other?.isWaiting()) {
    other.giveUp();
    return;
  }
  refusal = "";
  connection?.close();
  try {
    other = await import("./walletconnect.js").catch(() => { throw { code: UNREACHED }; });
    connection = await other.connect();
    if (connection && document.getElementById("wallet")) await pay(place, connection, ask);
  } catch (error) {
    refusal = explained(error);
    draw();
  } finally {
    connection?.close();
    connection = null;
  }
}

// A list that is there already stays, and the focus in it.
function drawOffer(list, isFree) {
  const found = offering && isFree ? wallets() : [];
  list.hidden = found.length === 0;
  if (list.childElementCount !== found.length) list.replaceChildren(...found.map(choiceOf));
}

function choiceOf({ name, icon, provider }, at) {
  const choice = document.createElement("button");
  choice.type = "button";
  choice.className = "second";
  choice.id = `wallet-${at}`; // by which it has the focus again when it is drawn anew
  if (icon) {
    const picture = document.createElement("img");
    picture.src = icon;
    picture.alt = "";
    choice.append(picture);
  }
  choice.append(name);
  choice.addEventListener("click", () => {
    const how = offering;
    offering = null;
    pay(document.getElementById("live").dataset.place, provider, how);
  });
  return choice;
}

async function pay(place, provider, how) {
  const order = { ...document.getElementById("wallet").dataset, ...document.getElementById("sign-instead")?.dataset };
  const isFirst = !asked(place) && await alone(place, () => request(place, provider, order, how), insists);
  if (!isFirst) draw();
}

async function request(place, provider, order, how) {
  const mine = { phase: "asking", tab: TAB, amount: order.amount, units: order.units, chainId: order.chainId };
  const note = (more) => noteAsked(place, Object.assign(mine, { at: Date.now() }, more));
  note({});
  sentUrls.set(place, document.getElementById("live").dataset.sentUrl);
  insists = false;
  const silent = setTimeout(draw, SILENT_MS + 100);
  const tell = (sentence) => {
    step = sentence;
    draw();
  };
  const whenSent = (sent) => {
    note({ phase: "sent", ...sent });
    if (sent.isUnchecked) return; // told once it is known on which network it is
    announceOnce(place);
    draw();
  };
  try {
    const sent = await how(provider, order, tell, whenSent);
    note({ phase: "sent", ...sent });
    announceOnce(place);
    followOn(place, provider);
  } catch (error) {
    // Given up by the buyer meanwhile, and asked anew: then this answer is about nothing that is shown.
    const isCurrent = asked(place)?.at === mine.at;
    if (isCurrent) forgetAsked(place);
    refusal = explained(error);
    if (isCurrent && mine.phase === "sent") takeBack(place, BY_WALLET, "failed");
  } finally {
    clearTimeout(silent);
  }
  // What was handed over, or may have been, the server shows; a look that fails makes nothing of it undone.
  if (how === sign) await look(mine.phase === "sent").catch(() => {});
  draw();
  if (refusal) focusOnPaying();
}

function announceOnce(place) {
  telling = telling.then(() => tellSent(place));
}

// Smart wallets know no hash for a while, and some name something else: the server then learns that a wallet sent it.
async function tellSent(place) {
  const { phase, tab, id, hash, chainId, at, isUnchecked, isElsewhere, isHandedOver } = asked(place) ?? {};
  const what = hash || id || at;
  if (phase !== "sent" || tab !== TAB || isUnchecked || isElsewhere || isHandedOver || announced.has(what)) return;
  announced.add(what);
  try {
    await announce({ tx_hash: /^0x[0-9a-f]{64}$/i.test(hash) ? hash : BY_WALLET, chain_id: chainId }, sentUrls.get(place));
  } catch { // without a connection, or refused as things stand
    setTimeout(() => {
      announced.delete(what);
      announceOnce(place);
    }, TELL_AGAIN_MS);
  }
}

// What the wallet has sent is asked about until that is known: of itself, and of any other, as all know their network.
// After a reload nobody knows which it was, and one that was reached from afar is closed by now.
function followOn(place, ...given) {
  const { phase, hash, nonce, isElsewhere, isHandedOver, ...sent } = asked(place) ?? {};
  if (phase !== "sent" || !hash || !sent.from || isElsewhere || isHandedOver || followed.has(hash)) return;
  followed.add(hash);
  const over = (sentence) => {
    if (asked(place)?.hash !== hash) return false; // something else was sent since
    forgetAsked(place);
    draw();
    news(words(sentence), "warn");
    return true;
  };
  const providers = () => [...new Set([...given, ...wallets().map(({ provider }) => provider)])];
  followSent(providers, { ...sent, hash, nonce }, {
    learnt: (number) => { if (asked(place)?.hash === hash) noteAsked(place, { ...asked(place), nonce: number }); },
    refused: () => { if (over("walletReverted")) takeBack(place, hash, "failed"); },
    replaced: () => { if (over("walletReplaced")) takeBack(place, hash, "replaced"); },
  });
}

// What the wallet said to have sent has come to nothing, or another transaction has its place: every tab says so.
function takeBack(place, hash, fate, left = TAKE_BACK_TRIES) {
  telling = telling.then(() => tellFate(place, hash, fate, left));
}

async function tellFate(place, hash, fate, left) {
  if (left === 0 || asked(place)?.phase === "sent") return; // what was sent since is told in its place
  try {
    await announce({ tx_hash: hash, [fate]: "1" }, sentUrls.get(place));
  } catch { // without a connection, as a rule; what is told meanwhile does not wait
    setTimeout(() => takeBack(place, hash, fate, left - 1), TELL_AGAIN_MS);
  }
}
