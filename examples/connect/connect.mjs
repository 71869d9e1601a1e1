// A shop that connects itself to Tallystick: no key is copied by anybody. One file, nothing to install.
//
//     node connect.mjs        # then open http://127.0.0.1:3000 and press "Connect"
//
// Environment: TALLYSTICK_URL (http://127.0.0.1:8000), PORT (3000).

import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const TALLYSTICK = process.env.TALLYSTICK_URL ?? "http://127.0.0.1:8000";
const PORT = process.env.PORT ?? "3000";
const SHOP = `http://127.0.0.1:${PORT}`;
const BACK = `${SHOP}/connected`;

const begun = new Map(); // state → verifier. A real shop keeps them in its administrator's session.
let connection = null; // A real shop keeps the key and the secret where it keeps secrets.

/** Where the administrator's browser goes. */
function begin() {
  const state = randomBytes(16).toString("base64url");
  const verifier = randomBytes(48).toString("base64url");
  begun.set(state, verifier);
  const asked = new URLSearchParams({
    response_type: "code",
    client_id: SHOP,
    redirect_uri: BACK,
    scope: "read write",
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    mode: "test",
    webhook_url: `${SHOP}/webhooks`,
  });
  return `${TALLYSTICK}/connect?${asked}`;
}

/** The administrator is back: the code becomes a key. Returns what to tell them. */
async function finish(said) {
  const verifier = begun.get(said.get("state"));
  begun.delete(said.get("state"));
  if (!verifier) return "This was not begun here.";
  if (said.get("iss") !== TALLYSTICK) return "Another installation answered.";
  if (said.has("error")) return `Not connected: ${said.get("error")}`;
  const answer = await fetch(`${TALLYSTICK}/connect/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: said.get("code"),
      client_id: SHOP,
      redirect_uri: BACK,
      code_verifier: verifier,
    }),
  });
  const told = await answer.json();
  if (!answer.ok) return `Not connected: ${told.error_description}`;
  connection = { key: told.access_token, secret: told.webhook.secret, mode: told.mode };
  const headers = { Authorization: `Bearer ${connection.key}` };
  const account = await (await fetch(`${TALLYSTICK}/api/v1/account`, { headers })).json();
  return `Connected to ${told.business.name} in ${account.mode} mode.`;
}

createServer(async (request, answer) => {
  const url = new URL(request.url, SHOP);
  if (url.pathname === "/connect") {
    answer.writeHead(303, { Location: begin() }).end();
  } else if (url.pathname === "/connected") {
    const said = await finish(url.searchParams);
    answer.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(said);
  } else {
    answer.writeHead(200, { "Content-Type": "text/html" }).end('<a href="/connect">Connect to Tallystick</a>');
  }
}).listen(Number(PORT), "127.0.0.1", () => console.log(`The shop is open at ${SHOP}`));
