// Signs the ownership sentence in a browser wallet (EIP-1193), when there is one.

import { firstWallet, inHex } from "./wallet.js";

const form = document.querySelector("form[data-sign]");
const wallet = form && await firstWallet();

if (wallet) {
  const button = form.querySelector("[data-sign-now]");
  const said = form.querySelector("[data-said]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      const [account] = await wallet.request({ method: "eth_requestAccounts" });
      if (account.toLowerCase() !== form.dataset.signer.toLowerCase()) {
        said.textContent = `Your wallet is at ${account}. Switch it to ${form.dataset.signer} and try again.`;
        return;
      }
      const text = document.querySelector(form.dataset.sign).textContent;
      form.elements.signature.value = await wallet.request({ method: "personal_sign", params: [inHex(text), account] });
      form.requestSubmit();
    } catch (error) {
      said.textContent = error.code === 4001 ? "You declined in the wallet. Nothing was signed." : `The wallet said: ${error.message}`;
    }
  });
}
