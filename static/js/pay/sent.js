// After the wallet has sent: asks it now and then what became of the transaction, as long as this tab is open.

import { isOn } from "./ask.js";

const PAUSE_MS = 4000;
const PATIENCE_MS = 30 * 60 * 1000;

/** Tells when the network refused the payment, or the wallet replaced it: it pays nothing then. `learnt` is told the
 * transaction's number among its sender's, by which a replacement is noticed, also after a reload. */
export function followSent(provider, { nonce = null, ...sent }, { learnt, refused, replaced }) {
  const until = Date.now() + PATIENCE_MS;
  let known = nonce;
  let was = "";
  const look = async () => {
    const fate = await fateOf(provider, sent, known).catch(() => ({}));
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

async function fateOf(provider, { from, hash, chainId }, nonce) {
  if (!(await isOn(provider, chainId))) return {}; // the wallet looks at another network now
  const ask = (method, ...params) => provider.request({ method, params });
  const found = await ask("eth_getTransactionByHash", hash);
  if (found?.blockNumber) {
    const receipt = await ask("eth_getTransactionReceipt", hash);
    if (!receipt) return { nonce: found.nonce };
    return { is: BigInt(receipt.status) === 1n ? "done" : "refused" };
  }
  if (found) return { nonce: found.nonce };
  const isReplaced = nonce !== null && BigInt(await ask("eth_getTransactionCount", from, "latest")) > BigInt(nonce);
  return isReplaced ? { is: "replaced" } : {};
}
