// Passkeys: a button asks for a challenge, the browser asks the passkey, the form carries its answer.
// Without this file, or in a browser that knows none, the buttons stay hidden and codes do it all.

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const described = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function challenge(button) {
  const form = new FormData();
  form.set("csrf_token", button.form.elements.csrf_token.value);
  const answer = await fetch(button.dataset.url, { method: "POST", body: form, credentials: "same-origin" });
  if (answer.status === 429) throw new Error(button.dataset.many);
  if (!answer.ok || answer.redirected) throw new Error(button.dataset.failed);
  return answer.json();
}

async function ask(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
  return {
    id: found.id,
    rawId: toText(found.rawId),
    type: found.type,
    response: {
      clientDataJSON: toText(found.response.clientDataJSON),
      authenticatorData: toText(found.response.authenticatorData),
      signature: toText(found.response.signature),
      userHandle: found.response.userHandle ? toText(found.response.userHandle) : null,
    },
  };
}

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
    },
  };
}

function say(button, words) {
  const place = button.form.querySelector("[data-passkey-error]");
  if (!place) return;
  place.textContent = words;
  place.hidden = words === "";
}

function reason(button, error) {
  if (error.name === "NotAllowedError") return button.dataset.nothing;
  if (error.name === "InvalidStateError") return button.dataset.known;
  if (error.name === "SecurityError") return button.dataset.elsewhere;
  return error.message;
}

async function use(button) {
  const form = button.form;
  say(button, "");
  button.setAttribute("aria-busy", "true");
  try {
    const options = await challenge(button);
    const answer = button.dataset.passkey === "create" ? await make(options) : await ask(options);
    form.elements.credential.value = JSON.stringify(answer);
    form.noValidate = true; // password and code are not needed with it
    form.requestSubmit();
  } catch (error) {
    say(button, reason(button, error));
  } finally {
    button.removeAttribute("aria-busy");
  }
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const isHere = location.hostname === button.dataset.party || location.hostname.endsWith(`.${button.dataset.party}`);
    const place = button.closest("[data-passkey-place]") ?? button;
    if (!isHere) continue;
    button.hidden = false;
    place.hidden = false;
    button.addEventListener("click", () => use(button));
  }
}
