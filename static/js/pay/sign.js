// Signing instead of sending: the wallet signs the transfer that the server wrote, and the server has it brought.

import { WalletProblem, accountOf, changeNetwork } from "./ask.js";
import { words } from "./words.js";

/** Asks for the signature of what `order` describes, and hands it over. Returns {from, hash}. */
export async function sign(provider, order, tell) {
  const from = await accountOf(provider, tell);
  await changeNetwork(provider, order, tell); // wallets sign typed data for the network that they are on
  const { typedData, validBefore } = await answerOf(fetch(`${order.toSign}?sender=${from}`, { cache: "no-store" }));
  tell(words("walletAskingToSign"));
  const signature = await provider.request({ method: "eth_signTypedData_v4", params: [from, JSON.stringify(typedData)] });
  tell(words("walletHandingOver"));
  const form = new FormData(document.getElementById("announce")); // for its token against forged forms
  form.set("sender", from);
  form.set("valid_before", validBefore);
  form.set("signature", signature);
  const { transaction } = await answerOf(fetch(order.sign, { method: "POST", body: new URLSearchParams(form) }));
  return { from, hash: transaction, isElsewhere: false, isHandedOver: true };
}

async function answerOf(asked) {
  // The same wallet's next signature is for the same payment: the chain takes one of them.
  const response = await asked.catch(() => { throw new WalletProblem(words("walletNotHandedOver")); });
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new WalletProblem(answer?.detail ?? words("walletNotHandedOver"));
}
