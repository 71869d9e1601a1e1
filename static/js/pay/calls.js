// Smart wallets (EIP-5792) take a payment as a call, and may have its fee paid for them by a paymaster (ERC-7677).

import { chainIdHex } from "./erc20.js";
import { orSilence } from "./patience.js";

const CAPABLE_MS = 2000; // a wallet that says nothing for so long is asked the usual way
const STATUS_MS = 10_000; // nor does one that is asked how it stands answer always: it is asked once more
const PAUSE_MS = 1500;
const PATIENCE_MS = 30 * 60 * 1000; // as any other transaction is followed: sent.js
const NOT_HERE = [-32601, 4200, 5700, 5710, 5760]; // refusals of the way of asking; nobody was asked to agree

/** What the wallet can do with calls on the network: {paymaster}; null when it takes a transaction as others do. */
export async function takesCalls(provider, from, chainId) {
  const asked = provider.request({ method: "wallet_getCapabilities", params: [from, [chainIdHex(chainId)]] });
  const able = (await orSilence(asked, CAPABLE_MS).catch(() => null))?.[chainIdHex(chainId)];
  const paymaster = able?.paymasterService?.supported === true;
  // "ready" would turn an ordinary account into a smart one: not for a payment.
  return paymaster || able?.atomic?.status === "supported" ? { paymaster } : null;
}

/** Sends the transaction as a call. `whenSent` is told the wallet's own word for it, long before there is a hash: from
 * then on the money may move. Returns the transaction's hash, empty when the chain takes too long; null when the wallet
 * does not take calls after all. Throws what the wallet throws, and `failed` at its end. */
export async function sendCalls(provider, { from, to, value, data = "0x", chainId }, { paymaster, failed, whenSent }) {
  const capabilities = paymaster ? { paymasterService: { url: paymaster } } : {};
  const batch = { version: "2.0.0", from, chainId, atomicRequired: false, calls: [{ to, value, data }], capabilities };
  let sent;
  try {
    sent = await provider.request({ method: "wallet_sendCalls", params: [batch] });
  } catch (error) {
    if (NOT_HERE.includes(error?.code)) return null;
    throw error;
  }
  const id = typeof sent === "string" ? sent : sent?.id;
  whenSent(String(id));
  return hashOf(provider, id, failed);
}

async function hashOf(provider, id, failed) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const asked = provider.request({ method: "wallet_getCallsStatus", params: [id] });
    const { status, receipts } = (await orSilence(asked, STATUS_MS).catch(() => null)) ?? {};
    if (Number(status) >= 400) throw failed();
    const hash = receipts?.at(-1)?.transactionHash;
    if (hash) return hash;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  }
  return "";
}
