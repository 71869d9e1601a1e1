// After the wallet has sent: asks it now and then what became of the transaction, as long as this tab is open.

import { isOn } from "./ask.js";
import { news, words } from "./words.js";

const PAUSE_MS = 4000;
const PATIENCE_MS = 30 * 60 * 1000;

/** Tells the buyer when the network refused the payment, or the wallet replaced it. `whenOver`: it pays nothing. */
export function followSent(provider, sent, whenOver) {
  const until = Date.now() + PATIENCE_MS;
  let nonce = null;
  const look = async () => {
    const fate = await fateOf(provider, sent, nonce).catch(() => ({}));
    nonce = fate.nonce ?? nonce;
    if (fate.isDone) return;
    if (fate.sentence) {
      whenOver();
      news(fate.sentence, "warn");
      return;
    }
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
    return BigInt(receipt.status) === 1n ? { isDone: true } : { sentence: words("walletReverted") };
  }
  if (found) return { nonce: found.nonce };
  const isReplaced = nonce !== null && BigInt(await ask("eth_getTransactionCount", from, "latest")) > BigInt(nonce);
  return isReplaced ? { sentence: words("walletReplaced") } : {};
}
