// The sandbox's tokeniser: a seller's page imports this module from the sandbox's own origin, so that the
// card number travels from the buyer's browser to the sandbox and touches no other server.
//
//   import { tokenize, authenticate } from "http://127.0.0.1:8900/tokenizer.js";
//
// Both functions throw a CardError. `field` is the name of the argument that is wrong, or undefined.

const ORIGIN = new URL(import.meta.url).origin;
const ARGUMENTS = {
  number: "number", expiry_month: "expiryMonth", expiry_year: "expiryYear", code: "code", name: "name",
};

export class CardError extends Error {
  constructor(code, message, field) {
    super(message);
    this.name = "CardError";
    this.code = code;
    this.field = field;
  }
}

// Number, expiry (strings or numbers, the year with two or four digits), code and name in;
// {token, brand, last4, expiryMonth, expiryYear} out.
export async function tokenize({ publicKey, number, expiryMonth, expiryYear, code, name = "" }) {
  const answer = await call("/v1/tokens", publicKey, {
    number: String(number ?? ""),
    expiry_month: whole(expiryMonth),
    expiry_year: fullYear(whole(expiryYear)),
    code: String(code ?? "").trim(),
    name: String(name ?? "").trim(),
  });
  return {
    token: answer.token,
    brand: answer.brand,
    last4: answer.last4,
    expiryMonth: answer.expiry_month,
    expiryYear: answer.expiry_year,
  };
}

// Finishes a charge that answered "requires_action". Without `result` the buyer is asked in a dialog;
// with it ("ok" or "fail") it is sent at once. Resolves to {id, status}.
export async function authenticate({ publicKey, charge, challenge, result }) {
  const answer = result ?? (await ask());
  const body = challenge ? { result: answer, challenge } : { result: answer };
  return call(`/v1/charges/${encodeURIComponent(charge)}/authenticate`, publicKey, body);
}

function whole(value) {
  const text = String(value ?? "").trim();
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}

function fullYear(year) {
  return year > 0 && year < 100 ? 2000 + year : year;
}

async function call(path, publicKey, body) {
  let response;
  let answer;
  try {
    response = await fetch(ORIGIN + path, {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      headers: { "Authorization": `Bearer ${publicKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    throw new CardError("unreachable", "The card service did not answer. Please try again in a moment.");
  }
  if (response.ok) return answer;
  const error = answer?.error ?? {};
  throw new CardError(error.code ?? "unreachable", words(error), ARGUMENTS[error.field]);
}

function words(error) {
  if (error.code === "invalid_field") {
    return {
      number: "Enter the card number.",
      expiry_month: "Enter the month from 1 to 12.",
      expiry_year: "Enter the year, as in 2030.",
      code: "Enter the security code.",
      name: "This name is too long.",
    }[error.field] ?? error.message;
  }
  return error.message ?? "The card service refused this card.";
}

// A plain dialog in the seller's page: the element brings its own look, so no style policy is touched.
function ask() {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "sandbox-challenge";
    dialog.setAttribute("aria-labelledby", "sandbox-challenge-title");
    const title = element("h2", "Is this you?", "sandbox-challenge-title");
    const text = element("p", "Test mode. Your bank asks you to confirm this payment. No money moves.");
    const form = document.createElement("form");
    form.method = "dialog";
    form.append(button("Confirm payment", "ok"), " ", button("Refuse", "fail"));
    dialog.append(title, text, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? "ok" : "fail");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function element(kind, text, id) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (id) made.id = id;
  return made;
}

function button(text, value) {
  const made = element("button", text);
  made.value = value;
  made.className = value === "ok" ? "btn btn-primary" : "btn btn-secondary";
  return made;
}
