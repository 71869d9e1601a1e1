// A relay of WalletConnect's over a loopback WebSocket, and a wallet on a phone: its own SDK, whose account is unlocked
// at the node. `node walletconnect.mjs PORT NODE_URL CHAIN_ID ACCOUNT`; prints what happens, a line of JSON each. Takes `{"uri", "behaves"}` a line: pairs by it, and behaves so: "pays", "declines", "refuses", "elsewhere",
// "leaves", "silent".

import { createInterface } from "node:readline";
import { SignClient } from "@walletconnect/sign-client";
import { WebSocketServer } from "ws";

const [port, node, chainId, account] = process.argv.slice(2);
const tell = (happened) => process.stdout.write(`${JSON.stringify(happened)}\n`);

// The relay: what is published on a topic goes to all others who subscribed to it, now or later.
const subscribers = new Map();
const kept = new Map();
let lastId = 0;

const connectionsOf = (topic) => subscribers.get(topic) ?? subscribers.set(topic, new Set()).get(topic);

function deliver(socket, topic, { message, tag }) {
  const data = { topic, message, tag, publishedAt: Date.now() };
  lastId += 1;
  const id = Date.now() * 1000 + (lastId % 1000);
  socket.send(JSON.stringify({ id, jsonrpc: "2.0", method: "irn_subscription", params: { id: topic, data } }));
}

function subscribe(socket, topic) {
  connectionsOf(topic).add(socket);
  for (const each of kept.get(topic) ?? []) if (each.by !== socket) deliver(socket, topic, each);
  return topic;
}

function publish(socket, topic, message, tag) {
  kept.set(topic, [...(kept.get(topic) ?? []), { message, tag, by: socket }]);
  for (const other of connectionsOf(topic)) if (other !== socket) deliver(other, topic, { message, tag });
  return true;
}

const METHODS = {
  irn_publish: (socket, { topic, message, tag }) => publish(socket, topic, message, tag),
  irn_subscribe: (socket, { topic }) => subscribe(socket, topic),
  irn_batchSubscribe: (socket, { topics }) => topics.map((topic) => subscribe(socket, topic)),
  irn_unsubscribe: (socket, { topic }) => connectionsOf(topic).delete(socket),
  irn_batchFetchMessages: () => ({ messages: [], hasMore: false }),
  wc_proposeSession(socket, { pairingTopic, sessionProposal }) {
    subscribe(socket, pairingTopic);
    return publish(socket, pairingTopic, sessionProposal, 1100);
  },
  wc_approveSession(socket, { pairingTopic, sessionTopic, sessionProposalResponse, sessionSettlementRequest }) {
    subscribe(socket, sessionTopic);
    publish(socket, pairingTopic, sessionProposalResponse, 1101);
    return publish(socket, sessionTopic, sessionSettlementRequest, 1102);
  },
};

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
server.on("connection", (socket, request) => {
  const projectId = new URL(request.url, "ws://relay").searchParams.get("projectId");
  const { origin } = request.headers;
  if (origin) tell({ opened: projectId, origin });
  socket.on("message", (text) => {
    const { id, method, params } = JSON.parse(text);
    if (!method) return; // they have received something
    const answer = METHODS[method];
    if (!answer) tell({ unknown: method });
    socket.send(JSON.stringify({ id, jsonrpc: "2.0", result: answer?.(socket, params) ?? null }));
  });
});
await new Promise((resolve) => { server.on("listening", resolve); });
const relayUrl = `ws://127.0.0.1:${port}`;

// The wallet.
const wallet = await SignClient.init({
  projectId: "b".repeat(32),
  relayUrl,
  telemetryEnabled: false,
  logger: "silent",
  metadata: { name: "Phone", description: "", url: "https://wallet.example", icons: [] },
});
let behaves = "pays";

// When both sides leave at once, or a slow relay brings something twice, the SDK complains after it has done its part.
process.on("unhandledRejection", (error) => {
  if (!String(error).includes("Record was recently deleted")) throw error;
});

wallet.on("session_proposal", async ({ id, params }) => {
  const { optionalNamespaces, proposer } = params;
  tell({ proposed: optionalNamespaces.eip155, by: proposer.metadata });
  if (behaves === "refuses") {
    await wallet.reject({ id, reason: { code: 5000, message: "User rejected." } });
    return;
  }
  const chains = [`eip155:${behaves === "elsewhere" ? 1 : chainId}`];
  const accounts = chains.map((chain) => `${chain}:${account}`);
  await wallet.approve({
    id,
    namespaces: { eip155: { chains, accounts, methods: ["eth_sendTransaction"], events: [] } },
  });
});

wallet.on("session_request", async ({ topic, id, params }) => {
  tell({ asked: params.request, on: params.chainId });
  if (behaves === "silent") return;
  if (behaves === "leaves") {
    await wallet.disconnect({ topic, reason: { code: 6000, message: "User disconnected." } });
    return;
  }
  const answer = behaves === "declines" ? { error: { code: 5000, message: "User rejected." } } : await atNode(params.request);
  await wallet.respond({ topic, response: { id, jsonrpc: "2.0", ...answer } });
});

wallet.on("session_delete", () => tell({ closed: true }));

async function atNode({ method, params }) {
  const body = JSON.stringify({ id: 1, jsonrpc: "2.0", method, params });
  const response = await fetch(node, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const { result, error } = await response.json();
  return error ? { error } : { result };
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const given = JSON.parse(line);
    behaves = given.behaves;
    await wallet.pair({ uri: given.uri });
  })
  .on("close", () => process.exit(0));

tell({ listens: true });
