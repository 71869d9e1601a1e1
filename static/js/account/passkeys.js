// Passkeys and security keys (WebAuthn): makes one, or lets one answer, and sends what the browser says with the form.
//
// <form data-passkey="create|get"> has a hidden field `credential` and a hidden button that is shown where this works.
// The options come from #passkey-data, or (sign-in page) from the form's own address, freshly made for this attempt.

const said = document.querySelector("[data-passkey-said]");
const works = window.PublicKeyCredential?.parseCreationOptionsFromJSON && window.PublicKeyCredential.prototype.toJSON;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!works) {
    // Not on the sign-in page, where the password stands above.
    if (document.getElementById("passkey-data")) say("This browser is too old for passkeys, or the page was not opened by https.");
    break;
  }
  form.querySelector("button[hidden]").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(form);
  });
}

/** Asks the browser, then sends the form; says what was wrong where it does not come to that. */
async function answer(form) {
  said.hidden = true;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const { publicKey } = await optionsFor(form);
    const credential = form.dataset.passkey === "create" ? await make(form, publicKey) : await use(publicKey);
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    say(wordsFor(error));
    button.disabled = false;
  }
}

async function optionsFor(form) {
  const data = document.getElementById("passkey-data");
  if (data) {
    const { creation_options: creation, request_options: request } = JSON.parse(data.textContent);
    return creation ?? request;
  }
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error("the server did not answer; try again in a minute");
  return (await response.json()).request_options;
}

/** One that signs in alone lives on the device and asks for finger, face or PIN; the other only stands beside a password. */
async function make(form, options) {
  const alone = form.elements.passwordless.checked;
  const selection = { ...options.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: alone };
  if (alone) selection.userVerification = "required";
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({ ...options, authenticatorSelection: selection });
  return navigator.credentials.create({ publicKey });
}

async function use(options) {
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

function wordsFor(error) {
  if (error.name === "NotAllowedError") return "It was cancelled, took too long, or this device has no passkey of yours.";
  if (error.name === "InvalidStateError") return "This device or key is in your account already.";
  if (error.name === "SecurityError") return `Passkeys belong to ${said.dataset.home}: open the page there.`;
  return `The browser said: ${error.message}`;
}

function say(text) {
  said.textContent = text;
  said.hidden = false;
}
