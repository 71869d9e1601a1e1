// Browser wallets for tests: they write down what they were asked, and answer as `window.script` says.
// {method: answer}; {method: {code, message}} refuses, "never" does not answer, "later" does when the test calls `window.answer`; `leaves` is the network it is on after
// sending, `sleeps`: it tells of none any more then; `thrown` a function that throws instead of sending. `late`: it says "changed" so many milliseconds before it
// is; `careless`: it says so and sends on the old network all the same, unless the transaction names one. `of`: answers of
// one wallet alone, by its name.
(() => {
  const script = Object.assign(
    { eth_requestAccounts: ["0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"], eth_sendTransaction: `0x${"ab".repeat(32)}` },
    window.script,
  );
  window.script = script;
  const wallet = (name, script = window.script) => {
    let chainId = script.of?.[name]?.eth_chainId ?? script.eth_chainId ?? "0x1";
    const former = chainId;
    return {
      name,
      async request({ method, params }) {
        window.asked.push({ wallet: name, method, params });
        const own = script.of?.[name] ?? {};
        const answer = method in own ? own[method] : script[method];
        if (method === "eth_chainId" && window.sentOn && script.sleeps) return new Promise(() => {});
        if (method === "eth_chainId") return chainId;
        if (answer === "never") return new Promise(() => {});
        if (answer === "later") return new Promise((resolve) => { window.answer = resolve; });
        if (method === "eth_sendTransaction" && script.thrown) script.thrown();
        if (method === "eth_sendTransaction" && script.leaves) chainId = script.leaves;
        if (method === "eth_sendTransaction") window.sentOn = params[0].chainId ?? (script.careless ? former : chainId);
        if (method === "eth_signTypedData_v4" && answer === undefined) return window.signTypedData(params[1]);
        if (answer?.code !== undefined) throw answer;
        if (/^wallet_(switch|add)EthereumChain$/.test(method) && answer !== "stays") {
          setTimeout(() => { chainId = params[0].chainId; }, script.late ?? 0);
          await new Promise((resolve) => { setTimeout(resolve, script.late ? 0 : 1); });
        }
        return answer ?? null;
      },
    };
  };
  window.asked = [];
  window.fakeWallet = wallet;
  if (script.legacy) window.ethereum = wallet("legacy");
  const announced = (script.announced ?? []).map((name) => ({ info: { uuid: name, name, icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>" }, provider: wallet(name) }));
  window.addEventListener("eip6963:requestProvider", () => {
    for (const detail of announced) window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  });
})();
