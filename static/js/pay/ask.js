// What a wallet is asked, step by step: an account, the right network, the payment; and what its refusals mean.

import { sendCalls, takesCalls } from "./calls.js";
import { chainIdHex, transaction } from "./erc20.js";
import { orSilence } from "./patience.js";
import { words } from "./words.js";

const REJECTED = 4001;
const UNKNOWN_CHAIN = 4902;
const BUSY = -32002;
const GONE = [4900, 4901];
const CHECKED_MS = 2000; // a wallet that sleeps once it has sent has sent all the same

/** What went wrong, as the sentence for the buyer. */
export class WalletProblem extends Error {}

/** Asks for the payment that `order` describes (the panel's data). `whenSent` is told at once what came of it: a smart
 * wallet's word for what it has sent, before there is a hash; or the hash, before it is known on which network it is
 * (`isUnchecked`). Returns {from, to, data, hash, isElsewhere}: what it was asked to send, and what came of it; the hash
 * is empty when none has come in time. */
export async function ask(provider, order, tell, whenSent) {
  const from = await accountOf(provider, tell);
  await changeNetwork(provider, order, tell);
  const { contract, recipient, units, chainId, gas } = order;
  const payment = transaction({ from, contract, recipient, units, chainId, gas });
  const what = { from, to: payment.to, data: payment.data ?? "0x" };
  const smart = await takesCalls(provider, from, chainId);
  tell(words("walletAsking"));
  if (smart) {
    const failed = () => new WalletProblem(words("walletReverted"));
    const hash = await sendCalls(provider, payment, { paymaster: smart.paymaster && order.paymaster, failed, whenSent: (id) => whenSent({ id }) });
    if (hash !== null) return { ...what, hash, isElsewhere: false };
  }
  const hash = await provider.request({ method: "eth_sendTransaction", params: [payment] });
  if (hash) whenSent({ ...what, hash, isUnchecked: true });
  // A wallet that heeds no `chainId` may have changed in between, or never have changed at all.
  const isHere = await orSilence(isOn(provider, chainId).catch(() => true), CHECKED_MS);
  return { ...what, hash, isUnchecked: false, isElsewhere: isHere === false };
}

/** The account that the buyer lets us see. */
export async function accountOf(provider, tell) {
  tell(words("walletAsking"));
  const [from] = (await provider.request({ method: "eth_requestAccounts" })) ?? [];
  if (!from) throw new WalletProblem(words("walletNoAccount"));
  return from;
}

/** Has the wallet change to the payment's network, and looks whether it did. */
export async function changeNetwork(provider, order, tell) {
  const { chainId, network } = order;
  if (await isOn(provider, chainId)) return;
  tell(words("walletSwitching", network));
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chainIdHex(chainId) }] });
  } catch (error) {
    if (codeOf(error) !== UNKNOWN_CHAIN) throw error;
    await addNetwork(provider, order);
  }
  // Some wallets say "done" a moment before it is so; some stay where they were: money sent there would go astray.
  for (const pause of [0, 300, 900]) {
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    if (await isOn(provider, chainId)) return;
  }
  throw new WalletProblem(words("walletWrongNetwork", network));
}

async function addNetwork(provider, { chainId, network, coin, coinName, explorer, rpc }) {
  if (!rpc) throw new WalletProblem(words("walletUnknownNetwork", network));
  await provider.request({
    method: "wallet_addEthereumChain",
    params: [{
      chainId: chainIdHex(chainId),
      chainName: network,
      nativeCurrency: { name: coinName, symbol: coin, decimals: 18 },
      rpcUrls: rpc.split(" "),
      ...(explorer ? { blockExplorerUrls: [explorer] } : {}),
    }],
  });
}

export const isOn = async (provider, chainId) =>
  BigInt(await provider.request({ method: "eth_chainId" })) === BigInt(chainId);

/** A wallet's refusal as a sentence. Wallets throw objects, texts, and nothing at all. */
export function explained(error) {
  if (error instanceof WalletProblem) return error.message;
  const code = codeOf(error);
  if (code === REJECTED || error?.code === "ACTION_REJECTED") return words("walletRejected");
  if (code === BUSY) return words("walletBusy");
  if (GONE.includes(code)) return words("walletGone");
  const said = [error?.data?.message, error?.message, error].find((each) => typeof each === "string" && each.trim());
  if (!said) return words("walletSpeechless");
  if (/insufficient funds|exceeds balance/i.test(said)) return words("walletShortOfMoney");
  return words("walletFailed", said.slice(0, 200));
}

// Mobile wallets wrap the code of "unknown network" once more.
const codeOf = (error) => error?.data?.originalError?.code ?? error?.code;
