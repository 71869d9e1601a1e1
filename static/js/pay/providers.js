// Browser wallets: those that announce themselves (EIP-6963), else the one at window.ethereum (EIP-1193).

const announced = new Map();

/** Looks for wallets; `whenFound` is called now and whenever another one turns up late. */
export function discoverWallets(whenFound) {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = event.detail ?? {};
    if (!info?.uuid || typeof provider?.request !== "function") return;
    announced.set(info.uuid, { name: String(info.name), icon: safeIcon(info.icon), provider });
    whenFound();
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  // Older wallets put themselves there a moment after the page has loaded, and say so.
  window.addEventListener("ethereum#initialized", whenFound, { once: true });
  whenFound();
}

export function wallets() {
  if (announced.size > 0) return [...announced.values()];
  const provider = window.ethereum;
  return typeof provider?.request === "function" ? [{ name: "", icon: "", provider }] : [];
}

// The page's security policy loads no picture from elsewhere; a wallet's own is given as data.
const safeIcon = (icon) => (typeof icon === "string" && icon.startsWith("data:image/") ? icon : "");
