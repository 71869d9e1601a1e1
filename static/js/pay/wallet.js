// "Pay with browser wallet": connect, change to the right network, send, and say in words what happened.

import { chainIdHex, transaction } from "./erc20.js";
import { forget, recall, remember } from "./memory.js";
import { wallets } from "./providers.js";
import { words } from "./words.js";

const REJECTED = 4001;
const UNKNOWN_CHAIN = 4902;
const BUSY = -32002;
const PAUSE_MS = 10 * 60 * 1000; // so long a payment that was sent is waited for before another is offered

class WalletProblem extends Error {}

/** Wires the panel's wallet part; hidden as long as there is no wallet. */
export function enableWallet(live) {
  const part = live.querySelector("#wallet");
  if (!part) return;
  showWallet();
  const button = part.querySelector("#pay-with-wallet");
  button.addEventListener("click", () => start(part, live.dataset.session));
  if (isWaiting(part, live.dataset.session)) showSent(part, live.dataset.session, words("walletSentBefore"));
}

/** Shows the wallet part once there is a wallet: some announce themselves late. */
export function showWallet() {
  const part = document.getElementById("wallet");
  if (part) part.hidden = wallets().length === 0;
}

function start(part, session) {
  const found = wallets();
  if (found.length === 1) pay(part, session, found[0].provider);
  else if (found.length > 1) offer(part, session, found);
}

function offer(part, session, found) {
  const list = part.querySelector(".wallet-list");
  list.replaceChildren(...found.map(({ name, icon, provider }) => {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.className = "secondary";
    if (icon) {
      const picture = document.createElement("img");
      picture.src = icon;
      picture.alt = "";
      choice.append(picture);
    }
    choice.append(name);
    choice.addEventListener("click", () => {
      list.hidden = true;
      pay(part, session, provider);
    });
    return choice;
  }));
  list.hidden = false;
  tell(part, words("walletChoose"));
  list.firstElementChild.focus();
}

async function pay(part, session, provider) {
  const button = part.querySelector("#pay-with-wallet");
  button.disabled = true;
  try {
    const from = await account(part, provider);
    await changeNetwork(part, provider);
    tell(part, words("walletAsking"));
    const { contract, recipient, units } = part.dataset;
    await provider.request({ method: "eth_sendTransaction", params: [transaction({ from, contract, recipient, units })] });
    remember("sent", session, `${Date.now()}:${units}`);
    showSent(part, session, words("walletSent"));
  } catch (error) {
    button.disabled = false;
    tell(part, explained(error), true);
    button.focus();
  }
}

async function account(part, provider) {
  tell(part, words("walletAsking"));
  const [from] = (await provider.request({ method: "eth_requestAccounts" })) ?? [];
  if (!from) throw new WalletProblem(words("walletNoAccount"));
  return from;
}

async function changeNetwork(part, provider) {
  const { chainId, network } = part.dataset;
  if (await isOn(provider, chainId)) return;
  tell(part, words("walletSwitching", network));
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chainIdHex(chainId) }] });
  } catch (error) {
    if (codeOf(error) !== UNKNOWN_CHAIN) throw error;
    await addNetwork(part, provider);
  }
  // Some wallets answer "done" and stay where they were: money sent there would go astray.
  if (!(await isOn(provider, chainId))) throw new WalletProblem(words("walletWrongNetwork", network));
}

async function addNetwork(part, provider) {
  const { chainId, network, coin, explorer, rpc } = part.dataset;
  if (!rpc) throw new WalletProblem(words("walletUnknownNetwork", network));
  await provider.request({
    method: "wallet_addEthereumChain",
    params: [{
      chainId: chainIdHex(chainId),
      chainName: network,
      nativeCurrency: { name: coin, symbol: coin, decimals: 18 },
      rpcUrls: [rpc],
      ...(explorer ? { blockExplorerUrls: [explorer] } : {}),
    }],
  });
}

const isOn = async (provider, chainId) => BigInt(await provider.request({ method: "eth_chainId" })) === BigInt(chainId);

function showSent(part, session, sentence) {
  const button = part.querySelector("#pay-with-wallet");
  const label = button.textContent;
  button.disabled = true;
  tell(part, sentence);
  const again = document.createElement("button");
  again.type = "button";
  again.className = "quiet";
  again.textContent = words("walletAgain");
  again.addEventListener("click", () => {
    forget("sent", session);
    button.disabled = false;
    button.textContent = label;
    tell(part, "");
    button.focus();
  });
  part.querySelector(".wallet-says").append(" ", again);
}

// Sent from here a moment ago, and the page still asks for the same amount: the network has not shown it yet.
function isWaiting(part, session) {
  const [at, units] = (recall("sent", session) ?? "").split(":");
  return units === part.dataset.units && Date.now() - Number(at) < PAUSE_MS;
}

function tell(part, sentence, isBad = false) {
  const says = part.querySelector(".wallet-says");
  says.textContent = sentence;
  says.classList.toggle("bad", isBad);
}

// Mobile wallets wrap the code of "unknown network" once more.
const codeOf = (error) => error?.data?.originalError?.code ?? error?.code;

function explained(error) {
  if (error instanceof WalletProblem) return error.message;
  if (codeOf(error) === REJECTED || error?.code === "ACTION_REJECTED") return words("walletRejected");
  if (codeOf(error) === BUSY) return words("walletBusy");
  const message = String(error?.data?.message ?? error?.message ?? error);
  if (/insufficient funds|exceeds balance/i.test(message)) return words("walletShortOfMoney");
  return words("walletFailed", message.slice(0, 200));
}
