// Finds a browser wallet: announced ones first (EIP-6963), else the injected one (EIP-1193).

/** A wallet to ask, or null when the browser has none. */
export function firstWallet({ wait = 250 } = {}) {
  return new Promise((resolve) => {
    const found = (event) => resolve(event.detail.provider);
    window.addEventListener("eip6963:announceProvider", found, { once: true });
    window.dispatchEvent(new Event("eip6963:requestProvider"));
    setTimeout(() => resolve(window.ethereum ?? null), wait);
  });
}

/** A text's UTF-8 bytes as 0x-hex. */
export function inHex(text) {
  return `0x${Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** A number as wallets take it: a chain's id, an amount, gas. */
export const quantity = (number) => `0x${BigInt(number).toString(16)}`;

/** Puts the wallet on a chain. Returns false when it does not know it, or says that it changed and stays elsewhere. */
export async function onChain(wallet, chainId) {
  const wanted = quantity(chainId);
  const isThere = async () => quantity(await wallet.request({ method: "eth_chainId" })) === wanted;
  if (await isThere()) return true;
  try {
    await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
    return await isThere();
  } catch (error) {
    if (error.code === 4902) return false;
    throw error;
  }
}
