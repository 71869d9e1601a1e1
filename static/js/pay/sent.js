// After the wallet has sent: asks wallets now and then what became of the transaction, as long as this tab is open.

import { isOn } from "./ask.js";
import { orSilence } from "./patience.js";

const PAUSE_MS = 4000;
const PATIENCE_MS = 30 * 60 * 1000;
const SILENT_MS = 10_000; // a wallet that says nothing for so long: the next one may know

/** Tells when the network refused the payment `sent`, or the wallet replaced it: it pays nothing then. `providers()` are
 * the wallets to ask, the one that sent it first. `learnt` is told the transaction's number among its sender's, by which
 * a replacement is noticed, also after a reload. */
export function followSent(providers, { nonce = null, ...sent }, { learnt, refused, replaced }) {
  const until = Date.now() + PATIENCE_MS;
  let known = nonce;
  let was = "";
  const look = async () => {
    const fate = await firstToTell(providers(), sent, known);
    if (known === null && fate.nonce) learnt(fate.nonce);
    known ??= fate.nonce ?? null;
    if (fate.is === "done") return;
    // Looked at twice: whoever is told to send again must not pay twice.
    if (fate.is && fate.is === was) {
      (fate.is === "refused" ? refused : replaced)();
      return;
    }
    was = fate.is;
    if (Date.now() < until) setTimeout(look, PAUSE_MS);
  };
  setTimeout(look, PAUSE_MS);
}

// Some look at another network by now, some take payments and tell nothing, some know only what they sent themselves.
async function firstToTell(providers, sent, nonce) {
  for (const provider of providers) {
    const fate = await orSilence(fateOf(provider, sent, nonce), SILENT_MS).catch(() => null);
    if (fate) return fate;
  }
  return {};
}

async function fateOf(provider, { from, hash, chainId, to, data }, nonce) {
  if (!(await isOn(provider, chainId))) return null;
  const ask = (method, ...params) => provider.request({ method, params });
  const found = await ask("eth_getTransactionByHash", hash);
  const known = isSame(found?.from, from) ? { nonce: found.nonce } : {}; // a bundler's number says nothing of the buyer's
  if (found?.blockNumber) {
    const receipt = await ask("eth_getTransactionReceipt", hash);
    if (!receipt) return known;
    if (BigInt(receipt.status) === 1n) return { is: "done" };
    // Of what a bundler sent nobody can tell: it may try once more. The server hears the nodes about it.
    return { is: isSame(found.to, to) && isSame(found.input, data) ? "refused" : "done" };
  }
  if (found) return known;
  const isReplaced = nonce !== null && BigInt(await ask("eth_getTransactionCount", from, "latest")) > BigInt(nonce);
  return isReplaced ? { is: "replaced" } : null;
}

const isSame = (found, asked) => Boolean(asked) && found?.toLowerCase() === asked.toLowerCase();
