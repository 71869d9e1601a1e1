// WalletConnect: a wallet on another device, or in another app of this one, reached over a relay. Loaded when the buyer
// asks for it, and only offered where the business gave its project id.

import { within } from "./patience.js";
import { news } from "./words.js";

const ASK_SECONDS = 60 * 60; // as long as the page waits for other wallets: asked.js
const REACH_MS = 20_000;
const DECLINED = { code: 4001 };
const UNREACHED = { code: 4900 };
const NOT_HERE = { code: 4200 };
const GOODBYE = { code: 6000, message: "User disconnected." };

let reached = null; // the relay; once for the page
let waiting = null; // for a wallet that scans the code: {uri, picture, giveUp}

/** Shows the way here, and waits for a wallet that agrees to be asked. Returns it as browser wallets are, {request}, and
 * with `close`, which ends the connection; null when the buyer gave up. Throws as browser wallets do. */
export async function connect() {
  if (waiting) return null;
  const givenUp = new Promise((resolve) => { waiting = { uri: "", picture: "", giveUp: () => resolve(null) }; });
  drawCode();
  try {
    return await Promise.race([found(waiting), givenUp]);
  } catch (error) {
    throw isNo(error) ? DECLINED : UNREACHED; // nobody came
  } finally {
    waiting = null;
    drawCode();
  }
}

export const isWaiting = () => waiting !== null;
export const giveUp = () => waiting.giveUp();

async function found(mine) {
  const { projectId, relay, shop, code } = document.getElementById("other-wallet").dataset;
  const { chainId } = document.getElementById("wallet").dataset;
  const client = await inTime(relayOf({ projectId, relay, shop }));
  const wanted = { eip155: { chains: [`eip155:${chainId}`], methods: ["eth_sendTransaction"], events: [] } };
  const { uri, approval } = await inTime(client.connect({ optionalNamespaces: wanted }));
  mine.uri = uri;
  pictureOf(code, mine);
  drawCode();
  if (waiting === mine) news(document.querySelector("#wallet-code p")?.textContent ?? "");
  const session = await approval();
  const close = () => client.disconnect({ topic: session.topic, reason: GOODBYE }).catch(() => {}); // it may be gone
  if (waiting !== mine) close(); // given up, and scanned all the same
  return { request: asker(client, session, chainId), close };
}

/** Draws the code into the page as it stands now; nothing while none is waited for. */
export function drawCode() {
  const place = document.getElementById("wallet-code");
  if (!place) return;
  const [button, link] = [document.getElementById("other-wallet"), document.getElementById("wallet-link")];
  const isShown = Boolean(waiting?.uri);
  button.ariaExpanded = String(isShown);
  button.ariaBusy = String(waiting !== null && !isShown);
  place.hidden = !isShown;
  link.hidden = !isShown;
  document.getElementById("wallet-apps").hidden = isShown; // one way to an app at a time
  place.querySelector("img")?.remove();
  if (!isShown) return;
  link.href = waiting.uri;
  if (!waiting.picture) return;
  const picture = document.createElement("img");
  Object.assign(picture, { className: "qr", width: 240, height: 240, alt: "", src: waiting.picture });
  place.prepend(picture);
}

// Drawn by the server, as all codes here.
async function pictureOf(code, mine) {
  const body = new URLSearchParams({ uri: mine.uri });
  const response = await fetch(code, { method: "POST", body, signal: within(REACH_MS) }).catch(() => null);
  if (!response?.ok) return; // the link is there
  mine.picture = `data:image/svg+xml,${encodeURIComponent(await response.text())}`;
  drawCode();
}

function relayOf({ projectId, relay, shop }) {
  const metadata = { name: shop, description: shop, url: location.origin, icons: [] };
  // Nothing is kept in the browser: the connection lasts for one payment.
  const options = { projectId, relayUrl: relay, metadata, storage: new Memory(), telemetryEnabled: false, logger: "silent" };
  reached ??= import("../../vendor/walletconnect/sign-client.js").then(async ({ SignClient }) => {
    const client = await SignClient.init(options);
    client.core.verify.register = async () => ""; // would show another server's frame
    return client;
  });
  return reached;
}

async function inTime(work) {
  const late = new Promise((_, reject) => { setTimeout(reject, REACH_MS, UNREACHED); });
  try {
    return await Promise.race([work, late]);
  } catch {
    reached = null;
    throw UNREACHED;
  }
}

function asker(client, { topic, namespaces }, chainId) {
  const accounts = Object.values(namespaces).flatMap((each) => each.accounts).map((each) => each.split(":"));
  const [, chain, account] = accounts.find((each) => each[1] === chainId) ?? accounts[0] ?? [];
  return async ({ method, params }) => {
    if (method === "eth_requestAccounts") return account ? [account] : [];
    if (method === "eth_chainId") return `0x${BigInt(chain).toString(16)}`;
    if (method === "wallet_switchEthereumChain") return null; // it stays on what it agreed to
    if (method !== "eth_sendTransaction") throw NOT_HERE;
    try {
      return await client.request({ topic, chainId: `eip155:${chainId}`, request: { method, params }, expiry: ASK_SECONDS });
    } catch (error) {
      if (isNo(error)) throw DECLINED;
      // Wallets answer with an object; all else is that none came: whether it sent is not known.
      throw error instanceof Error || error?.code === GOODBYE.code ? null : error;
    }
  };
}

const isNo = (error) => error?.code >= 5000 && error.code <= 5003; // as it is said here

class Memory extends Map {
  async getKeys() { return [...this.keys()]; }
  async getEntries() { return [...this.entries()]; }
  async getItem(key) { return this.get(key); }
  async setItem(key, value) { this.set(key, value); }
  async removeItem(key) { this.delete(key); }
}
