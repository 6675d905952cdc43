// Payment methods on a page, in the shop, the portal and the admin: the chosen one's fields count, the
// others are switched off, and a gateway's own module turns what must not reach this server into a token
// before the form is sent.

import { busy, drawn, free } from "./busy.js";
import { holdsCardNumber } from "./cards.js";
import "./scripted.js";

const form = document.querySelector("form[data-methods]");
const words = document.getElementById("payment-methods").dataset; // sentences in the page's language
const methods = [...form.querySelectorAll(".ik-method[data-gateway]")];
const modules = new Map(); // address -> promise of the module
const mounted = new Set();

methods.forEach((method) => radio(method).addEventListener("change", choose));
choose();

form.addEventListener("submit", submit);
form.addEventListener("reset", () => setTimeout(choose)); // after the browser has put the choice back
window.addEventListener("pageshow", reset);

function radio(method) {
  return method.querySelector(".ik-method-head input[type=radio]");
}

function chosen() {
  return methods.find((method) => radio(method).checked);
}

/** Fields of closed methods are not sent; the open one is told to draw what it draws itself. */
function choose() {
  const open = chosen();
  for (const fields of form.querySelectorAll(".ik-method-body")) {
    fields.disabled = fields.parentElement !== open;
  }
  if (open?.dataset.module && !mounted.has(open)) {
    mounted.add(open);
    load(open).then((module) => module.mount?.(handed(open))).catch((error) => complain(open, error));
  }
}

function load(method) {
  const address = method.dataset.module;
  if (!modules.has(address)) modules.set(address, import(address).then((module) => module.default));
  return modules.get(address);
}

function handed(method) {
  return { root: method, setup: JSON.parse(method.dataset.setup || "{}"), form };
}

async function submit(event) {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  quiet();
  const method = chosen();
  const wrong = [...misplaced(), ...(event.submitter?.name === "update" ? [] : missing(method))];
  if (wrong.length) {
    event.preventDefault();
    tell(wrong);
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter?.dataset.busy ? event.submitter : form.querySelector("[data-busy]");
  if (event.submitter?.name === "update") return;
  busy(button);
  if (!method?.dataset.module) return; // plain fields: the browser sends them
  event.preventDefault();
  try {
    const module = await load(method);
    put(method, await module.tokenize(handed(method)));
    form.submit();
  } catch (error) {
    delete form.dataset.sent;
    free(button);
    complain(method, error);
  }
}

/** Fields that would be sent with a card number in them. A bank account's own field may look so. */
function misplaced() {
  const fields = form.querySelectorAll("input[name]:is([type=text], [type=email], [type=tel], [type=search]), textarea[name]");
  return [...fields]
    .filter((field) => !field.matches(":disabled") && !("account" in field.dataset) && holdsCardNumber(field.value))
    .map((field) => [field, words.cardNumber]);
}

/** Empty fields of a method whose module asks the gateway before our server sees anything. */
function missing(method) {
  if (!method?.dataset.module) return [];
  return [...method.querySelectorAll(".ik-method-body [required]")]
    .filter((field) => !field.value.trim())
    .map((field) => [field, words.missing]);
}

/** The token, and what else the module tells (brand, last digits) as hidden fields. */
function put(method, { token, fields = {} }) {
  method.querySelector("[data-token]").value = token;
  for (const [name, value] of Object.entries(fields)) {
    let input = method.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      method.append(input);
    }
    input.value = value;
  }
}

/** Show what the module threw beside its fields, or on top of the method: one {field, message}, or all as errors. */
function complain(method, error) {
  const found = (error?.errors ?? [error]).map((one) => [fieldOf(method, one), sentence(one)]);
  const loose = found.find(([field]) => !field);
  if (!loose) {
    tell(found);
    return;
  }
  const box = method.querySelector("[data-method-error]");
  box.hidden = false;
  box.setAttribute("role", "alert");
  box.replaceChildren(drawn("alert-circle"), text(loose[1]));
  box.scrollIntoView({ block: "center" });
}

function sentence(error) {
  return error?.message && "message" in error && !(error instanceof TypeError) ? error.message : words.unanswered;
}

function fieldOf(method, error) {
  const name = error?.field ? CSS.escape(error.field) : "";
  return name && method.querySelector(`[data-secure="${name}"], [data-mount="${name}"], [name="${name}"]`);
}

/** Errors beside their fields, read out and tied to them; the first one has the focus. */
function tell(found) {
  found.sort(([one], [other]) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  for (const [field, said] of found) {
    const message = document.createElement("p");
    message.className = "ik-error";
    message.id = `${field.id}-module-error`;
    message.setAttribute("role", "alert");
    message.dataset.moduleError = "";
    message.append(drawn("alert-circle"), text(said));
    field.setAttribute("aria-invalid", "true");
    field.dataset.describedBefore = field.getAttribute("aria-describedby") ?? "";
    field.setAttribute("aria-describedby", `${message.id} ${field.dataset.describedBefore}`.trim());
    (field.closest(".ik-secure") ?? field).after(message);
  }
  found[0][0].focus?.();
}

function text(said) {
  const span = document.createElement("span");
  span.textContent = said;
  return span;
}

function quiet() {
  for (const box of form.querySelectorAll("[data-method-error]")) box.hidden = true;
  form.querySelectorAll("[data-module-error]").forEach((message) => message.remove());
  for (const field of form.querySelectorAll("[data-described-before]")) {
    field.removeAttribute("aria-invalid");
    if (field.dataset.describedBefore) field.setAttribute("aria-describedby", field.dataset.describedBefore);
    else field.removeAttribute("aria-describedby");
    delete field.dataset.describedBefore;
  }
}

/** Back from the next page: the form can be sent again, a used token can not. */
function reset() {
  delete form.dataset.sent;
  free(form.querySelector("[data-busy]"));
  form.querySelectorAll("[data-token]").forEach((input) => { input.value = ""; });
  choose();
}
