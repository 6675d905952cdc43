// Payment methods on a page, in the shop, the portal and the admin: the chosen one's fields count, the
// others are switched off, and a gateway's own module turns what must not reach this server into a token
// before the form is sent.

import { busy, free } from "./busy.js";
import { holdsCardNumber } from "./cards.js";
import "./scripted.js";

const form = document.querySelector("form[data-methods]");
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
  for (const method of methods) {
    for (const field of method.querySelectorAll(".ik-method-body :is(input, select, textarea)")) {
      field.disabled = method !== open;
    }
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
  const stray = misplaced();
  if (stray) {
    event.preventDefault();
    tell(stray, "This looks like a card number. It goes only into the field with the lock; nothing was sent.");
    return;
  }
  const method = chosen();
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

/** The field, if any, that would be sent with a card number in it. A bank account's own field may look so. */
function misplaced() {
  const fields = form.querySelectorAll("input[name]:is([type=text], [type=email], [type=tel], [type=search]), textarea[name]");
  return [...fields].find((field) => !field.disabled && !("account" in field.dataset) && holdsCardNumber(field.value));
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

/** Show what the module threw beside its field, or on top of the method. */
function complain(method, error) {
  const words = error?.message && "message" in error && !(error instanceof TypeError)
    ? error.message
    : "This payment method does not answer. Check your connection, or choose another one.";
  const name = error?.field ? CSS.escape(error.field) : "";
  const field = name && method.querySelector(`[data-secure="${name}"], [data-mount="${name}"], [name="${name}"]`);
  if (!field) {
    const box = method.querySelector("[data-method-error]");
    box.hidden = false;
    box.setAttribute("role", "alert");
    box.textContent = words;
    box.scrollIntoView({ block: "center" });
    return;
  }
  tell(field, words);
}

/** An error beside its field, read out and tied to it. */
function tell(field, words) {
  const message = document.createElement("p");
  message.className = "ik-error";
  message.id = `${field.id}-module-error`;
  message.setAttribute("role", "alert");
  message.dataset.moduleError = "";
  message.textContent = words;
  field.setAttribute("aria-invalid", "true");
  field.dataset.describedBefore = field.getAttribute("aria-describedby") ?? "";
  field.setAttribute("aria-describedby", `${message.id} ${field.dataset.describedBefore}`.trim());
  (field.closest(".ik-secure") ?? field).after(message);
  field.focus?.();
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
