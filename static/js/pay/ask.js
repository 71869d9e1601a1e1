// What a wallet is asked, step by step: an account, the right network, the payment; and what its refusals mean.

import { chainIdHex, transaction } from "./erc20.js";
import { words } from "./words.js";

const REJECTED = 4001;
const UNKNOWN_CHAIN = 4902;
const BUSY = -32002;
const GONE = [4900, 4901];

class WalletProblem extends Error {}

/** Asks for the payment that `order` describes (the panel's data). Returns {from, hash, isElsewhere}. */
export async function ask(provider, order, tell) {
  tell(words("walletAsking"));
  const [from] = (await provider.request({ method: "eth_requestAccounts" })) ?? [];
  if (!from) throw new WalletProblem(words("walletNoAccount"));
  await changeNetwork(provider, order, tell);
  tell(words("walletAsking"));
  const { contract, recipient, units, chainId, gas } = order;
  const hash = await provider.request({
    method: "eth_sendTransaction",
    params: [transaction({ from, contract, recipient, units, chainId, gas })],
  });
  // A wallet that heeds no `chainId` may have changed in between, or never have changed at all.
  return { from, hash, isElsewhere: !(await isOn(provider, chainId).catch(() => true)) };
}

async function changeNetwork(provider, order, tell) {
  const { chainId, network } = order;
  if (await isOn(provider, chainId)) return;
  tell(words("walletSwitching", network));
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: chainIdHex(chainId) }] });
  } catch (error) {
    if (codeOf(error) !== UNKNOWN_CHAIN) throw error;
    await addNetwork(provider, order);
  }
  // Some wallets answer "done" and stay where they were: money sent there would go astray.
  if (!(await isOn(provider, chainId))) throw new WalletProblem(words("walletWrongNetwork", network));
}

async function addNetwork(provider, { chainId, network, coin, explorer, rpc }) {
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
