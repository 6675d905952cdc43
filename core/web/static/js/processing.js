// Processing Order: look again without reloading, go on when the page would be another one, and let a
// gateway's module ask the buyer what their bank wants to know.

import { busy, free } from "./busy.js";
import "./scripted.js";

const live = document.querySelector("[data-live]");
const action = document.querySelector("form[data-action-form]");
const QUICK_MS = 1000;
const CALM_MS = 3000;
const SLOW_MS = 10000;
let looks = 0;

if (action) ask(action);
else if (live.dataset.go) setTimeout(() => location.assign(live.dataset.go), 600);
else plan();

/** Often at first, then calmer: most orders end within seconds, the rest take their time. */
function plan() {
  const again = Number(live.querySelector("[data-stage]")?.dataset.again);
  if (!again) return; // nothing will change by itself
  const wait = again > 2 ? CALM_MS : QUICK_MS;
  setTimeout(look, looks < 30 ? wait : looks < 90 ? CALM_MS : SLOW_MS);
}

async function look() {
  looks += 1;
  if (document.hidden) {
    document.addEventListener("visibilitychange", look, { once: true });
    return;
  }
  try {
    const response = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (response.status === 404) return;
    if (response.ok) show(response.headers.get("X-Order-Page") ?? "", await response.text());
  } catch {
    // no connection for a moment: the order goes on without us
  }
  plan();
}

function show(stage, html) {
  const present = live.querySelector("[data-stage]")?.dataset.stage ?? "";
  if (stage && stage !== present) {
    location.replace(live.dataset.page);
    return;
  }
  const next = document.createElement("div");
  next.innerHTML = html; // our own server's page, drawn with escaping
  const said = live.querySelector("[data-said]");
  const says = next.querySelector("[data-said]");
  if (said && says) {
    if (said.textContent !== says.textContent) said.textContent = says.textContent;
    says.replaceWith(said); // the same element, so that a screen reader hears changes only
  }
  live.replaceChildren(...next.childNodes);
}

/** 3-D Secure and the like. Afterwards the server looks the payment up; what we say here proves nothing. */
async function ask(form) {
  const button = form.querySelector("[data-busy]");
  form.addEventListener("submit", () => busy(button));
  if (!form.dataset.actionModule) return;
  try {
    const { default: module } = await import(form.dataset.actionModule);
    await module.authenticate?.({
      root: form.querySelector("[data-action-root]"),
      setup: JSON.parse(form.dataset.setup || "{}"),
      data: JSON.parse(form.dataset.action || "{}"),
    });
  } catch (error) {
    const box = form.querySelector("[data-action-error]");
    box.hidden = false;
    box.textContent = error?.message ?? "Your bank could not be asked. Go on here and see what it says.";
    free(button);
    return;
  }
  form.requestSubmit(button);
}
