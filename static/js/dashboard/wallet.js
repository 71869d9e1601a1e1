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

/** Puts the wallet on a chain. Returns false when the wallet does not know it. */
export async function onChain(wallet, chainId) {
  const wanted = `0x${Number(chainId).toString(16)}`;
  if (await wallet.request({ method: "eth_chainId" }) === wanted) return true;
  try {
    await wallet.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
    return true;
  } catch (error) {
    if (error.code === 4902) return false;
    throw error;
  }
}
