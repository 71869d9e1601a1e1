// x402's own facilitator and client, from npm: `node x402_reference.mjs <URL of a node> <key of who pays the gas>`.
// On a free loopback port, which it prints: /supported, /verify and /settle, and GET /buy?url=…&key=…, which pays the
// 402 at that URL with that key and answers what came of it.
import { createServer } from "node:http";
import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { ExactEvmScheme as PaysExact } from "@x402/evm/exact/client";
import { ExactEvmScheme as BringsExact } from "@x402/evm/exact/facilitator";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { createWalletClient, http, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";

const [node, key] = process.argv.slice(2);
const wallet = createWalletClient({ account: privateKeyToAccount(key), chain: foundry, transport: http(node), pollingInterval: 50 })
  .extend(publicActions);
const facilitator = new x402Facilitator().register(
  `eip155:${foundry.id}`,
  new BringsExact(toFacilitatorEvmSigner({ ...wallet, address: wallet.account.address })),
);

async function buy(query) {
  // Its own limit is for tokens that it knows; Devchain's is none of them.
  const client = new x402Client().register("eip155:*", new PaysExact(privateKeyToAccount(query.get("key"))))
    .setSpendControls(false);
  const answer = await wrapFetchWithPayment(fetch, client)(query.get("url"));
  const told = answer.headers.get("PAYMENT-RESPONSE");
  return { status: answer.status, body: await answer.json(), told: told && decodePaymentResponseHeader(told) };
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/supported") return facilitator.getSupported();
  if (pathname === "/buy") return buy(searchParams);
  let body = "";
  for await (const piece of request) body += piece;
  const { paymentPayload, paymentRequirements } = JSON.parse(body);
  return facilitator[pathname.slice(1)](paymentPayload, paymentRequirements);
}

const server = createServer((request, response) => {
  answer(request).then(
    (told) => [200, told],
    (error) => [500, { error: String(error) }],
  ).then(([status, told]) => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(told));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`Listening on ${server.address().port}`));
