// Signing instead of sending: the wallet signs the transfer that the server wrote, and the server has it brought.

import { WalletProblem, accountOf, changeNetwork } from "./ask.js";
import { inBoth } from "./here.js";
import { within } from "./patience.js";
import { words } from "./words.js";

// Longer than the server waits for whoever brings it: sessions_app/signing/kept.py
const PATIENCE_MS = 90_000;

/** Asks for the signature of what `order` describes, and hands it over. Returns {from, hash}. */
export async function sign(provider, order, tell) {
  const from = await accountOf(provider, tell);
  await changeNetwork(provider, order, tell); // wallets sign typed data for the network that they are on
  const { typedData, validBefore } = await answerOf(fetch(`${order.toSign}?sender=${from}`, { cache: "no-store", signal: within(PATIENCE_MS) }));
  tell(words("walletAskingToSign"));
  const signature = await provider.request({ method: "eth_signTypedData_v4", params: [from, JSON.stringify(typedData)] });
  tell(words("walletHandingOver"));
  const body = new URLSearchParams({ sender: from, valid_before: validBefore, signature });
  const { transaction } = await answerOf(fetch(order.sign, { method: "POST", body, signal: within(PATIENCE_MS) }));
  return { from, hash: transaction, isElsewhere: false, isHandedOver: true };
}

async function answerOf(asked) {
  // The same wallet's next signature is for the same payment: the chain takes one of them.
  const response = await asked.catch(() => { throw new WalletProblem(words("walletNotHandedOver")); });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new WalletProblem(answer?.detail ? inBoth(answer.detail, answer.until) : words("walletNotHandedOver"));
}
