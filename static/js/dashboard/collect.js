// Sends the prepared calls with a browser wallet, one after the other, and tells the server the last one's hash.

import { firstWallet, onChain, quantity } from "./wallet.js";

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** What is sent of a network's section: its calls, in order. */
function callsIn(section) {
  const calls = Array.from(section.querySelectorAll("[data-call]"), (call) => ({
    to: call.querySelector("[data-to]").textContent,
    data: call.querySelector("[data-data]").textContent,
    value: quantity(call.querySelector("[data-value]").dataset.value),
  }));
  // Wallets add so much to an estimate that a large collection would exceed what one transaction may ask for.
  const gas = section.dataset.gas;
  if (gas) calls.at(-1).gas = quantity(gas);
  return calls;
}

/** Waits until the transaction is in a block; throws when it failed there, or another one has its place. */
async function mined(wallet, from, hash) {
  const ask = (method, ...params) => wallet.request({ method, params });
  let nonce = null;
  for (;;) {
    const receipt = await ask("eth_getTransactionReceipt", hash);
    if (receipt?.blockNumber) {
      if (receipt.status === "0x0") throw new Error(`transaction ${hash} failed on the network.`);
      return;
    }
    const found = await ask("eth_getTransactionByHash", hash);
    nonce = found?.nonce ?? nonce;
    if (!found && nonce !== null && BigInt(await ask("eth_getTransactionCount", from, "latest")) > BigInt(nonce)) {
      throw new Error(`your wallet replaced transaction ${hash}. Look in it what became of it, then load this page again.`);
    }
    await pause(1500);
  }
}

/** Whether it was sent and the server is told of it. */
async function send(wallet, section) {
  const said = section.querySelector("[data-said]");
  const [from] = await wallet.request({ method: "eth_requestAccounts" });
  if (!await onChain(wallet, section.dataset.chain)) {
    said.textContent = "Your wallet is not on this network. Choose or add it there, then try again.";
    return false;
  }
  const form = section.querySelector("form[data-sent]") ?? document.querySelector("form[data-sent]");
  const calls = callsIn(section);
  // With its network: a wallet that is on another one refuses, instead of sending there.
  const chainId = quantity(section.dataset.chain);
  let hash = "";
  for (const [index, call] of calls.entries()) {
    said.textContent = calls.length > 1 ? `Confirm transaction ${index + 1} of ${calls.length} in your wallet.` : "Confirm it in your wallet.";
    hash = await wallet.request({ method: "eth_sendTransaction", params: [{ from, chainId, ...call }] });
    // Whatever comes of it, the last one's hash stands where it can be told by hand.
    if (index === calls.length - 1) form.elements.tx_hash.value = hash;
    if (form.dataset.atOnce !== undefined) break; // a refund: what is known of it is its hash, mined or not
    said.textContent = "Sent. Waiting for the network …";
    await mined(wallet, from, hash);
  }
  tell(form);
  return true;
}

/** Leaves the page with the hash in the form. Shown again by the browser's way back, it asks what is left to send. */
function tell(form) {
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  form.requestSubmit();
}

/** Offers to send what is in the section; one after the other, for the page is left when one is done. */
function offer(wallet, section) {
  const button = section.querySelector("[data-send]");
  const said = section.querySelector("[data-said]");
  button.hidden = false;
  button.disabled = false; // Firefox remembers over a reload that it was not
  button.addEventListener("click", async () => {
    rest(true);
    let isTold = false;
    try {
      isTold = await send(wallet, section);
    } catch (error) {
      said.textContent = error.code === 4001 ? "You declined in the wallet. Nothing was sent." : `It did not work: ${error.message}`;
    }
    // While the hash is on its way a second press would sign for the same money again.
    if (!isTold) rest(false);
  });
}

function rest(isUnderWay) {
  for (const button of document.querySelectorAll("[data-send]")) button.disabled = isUnderWay;
}

const sections = [...document.querySelectorAll("[data-calls]")].filter((section) => section.querySelector("[data-send]"));
const wallet = sections.length > 0 ? await firstWallet() : null;
for (const section of sections) {
  if (wallet) offer(wallet, section);
  else section.querySelector("[data-said]").textContent = "No browser wallet was found here. Copy the raw call below into your wallet or Safe.";
}
