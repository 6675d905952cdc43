// Buttons that are on their way, and forms that are sent once. Everything works without this file.

const SPRITE = document.querySelector("svg use")?.getAttribute("href")?.split("#")[0] ?? "";

/** Show that a button is on its way. It keeps its width; assistive technology hears it is busy. */
export function busy(button) {
  if (!button || button.getAttribute("aria-busy") === "true") return;
  button.dataset.words = button.innerHTML;
  button.style.setProperty("min-width", `${button.offsetWidth}px`);
  button.setAttribute("aria-busy", "true");
  const words = button.dataset.busy || button.textContent.trim();
  button.replaceChildren(spinner(), document.createTextNode(words));
}

/** Take it back: the form stays here after all. */
export function free(button) {
  if (!button || button.getAttribute("aria-busy") !== "true") return;
  button.removeAttribute("aria-busy");
  button.innerHTML = button.dataset.words;
  button.style.removeProperty("min-width");
}

function spinner() {
  const svg = drawn("loader-2");
  svg.classList.add("ik-spin");
  return svg;
}

/** An icon of the page's own set. */
export function drawn(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "ik-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** Send each form once. `sent` is forgotten when the page is shown again from the browser's memory. */
export function once(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    busy(event.submitter?.dataset.busy ? event.submitter : form.querySelector("[data-busy]"));
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    free(form.querySelector("[data-busy]"));
  });
}

document.querySelectorAll("form[data-busy-form]").forEach(once);

// The list of errors is read first.
document.getElementById("errors")?.focus({ preventScroll: false });
