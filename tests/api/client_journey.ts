// A shop's whole way with a client that was generated from the API's description: sold, paid, sent back, told.
// Run by test_generated_client.py, which lets the chain go on meanwhile.
import assert from "node:assert/strict";
import {
  createRefund,
  createSession,
  getAccount,
  getRefund,
  getSession,
  listEvents,
  listPayments,
  listSessions,
  quoteSession,
  simulateRefund,
  simulateSession,
  withdrawRefund,
} from "./client";
import { client } from "./client/client.gen";

const [, , baseUrl, key, terms, wallet] = process.argv;
client.setConfig({ baseUrl, auth: () => key });

/** What a call answers; its refusal is thrown. */
async function answered<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

/** What is asked for again and again until it is so, for 20 seconds. */
async function until<T>(ask: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await ask();
    if (isSo(found)) return found;
    await new Promise((go) => setTimeout(go, 100));
  }
  throw new Error("It did not come to that.");
}

async function main(): Promise<void> {
  assert.equal((await answered(getAccount())).treasurySet, true);
  const made = await answered(
    createSession({ body: JSON.parse(terms), headers: { "Idempotency-Key": "order-1" } }),
  );
  assert.deepEqual([made.status, made.amount, made.currency], ["open", 49, "USD"]);
  const path = { id: made.id };
  assert.deepEqual(
    (await answered(listSessions({ query: { status: "open", reference: "order-1" } }))).map((each) => each.id),
    [made.id],
  );
  const quoted = await answered(quoteSession({ path, body: { asset: "USDC", network: "sandbox" } }));
  assert.equal(quoted.payment?.amountDue, "49");
  await answered(simulateSession({ path, body: { scenario: "exact" } }));
  const paid = await until(
    () => answered(getSession({ path })),
    (found) => found.status === "completed",
  );
  assert.deepEqual([paid.paymentStatus, paid.payments.map((each) => each.amount)], ["paid", ["49"]]);
  assert.deepEqual(await answered(listPayments({ path })), paid.payments);

  const half = await answered(createRefund({ path, body: { amount: 20, address: wallet } }));
  assert.equal((await answered(withdrawRefund({ path: { id: half.id } }))).status, "withdrawn");
  const all = await answered(createRefund({ path, body: { amount: "all", address: wallet } }));
  assert.equal(all.call?.value, "0");
  await answered(simulateRefund({ path: { id: all.id } }));
  await until(
    () => answered(getRefund({ path: { id: all.id } })),
    (found) => found.status === "confirmed",
  );
  const back = await answered(getSession({ path }));
  assert.deepEqual([back.paymentStatus, back.amountRefunded, back.amountNet], ["refunded", 49, 0]);
  const kinds = (await answered(listEvents({ query: { subject: made.id } }))).map((each) => each.type);
  assert.deepEqual(
    ["checkout.created", "checkout.completed", "refund.withdrawn", "refund.confirmed"].filter(
      (kind) => !kinds.includes(kind),
    ),
    [],
  );
  const { error } = await getSession({ path: { id: "cs_nobodys" } });
  assert.equal(error?.errors[0].code, "not_found");
}

main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
