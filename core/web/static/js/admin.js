// Comforts of the admin. Everything works without this file.

const find = document.querySelector("[data-find]");

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));
}

// "/" goes to the search, as the key beside it says; Escape leaves it.
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
    event.preventDefault();
    find?.focus();
    find?.select();
  } else if (event.key === "Escape" && event.target === find) {
    find.blur();
  }
});

// Escape closes an open menu and gives the focus back to its button; so does a press beside it.
function closeMenus(keep) {
  for (const menu of document.querySelectorAll("details.ad-drop[open]")) {
    if (menu === keep) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary")?.focus();
  }
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});
document.addEventListener("pointerdown", (event) => {
  closeMenus(event.target instanceof Element ? event.target.closest("details.ad-drop") : null);
});

// A form is sent once: a second press while the first is on its way does nothing. What is a download
// (data-repeat) leaves the page where it is, and may be asked for again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || "repeat" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (event.submitter?.value === "csv") return; // a file: the page stays
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});

// Shown again from the browser's memory: everything may be sent anew.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});

// Rows of a list: one box for all of them, and how many are chosen. A file is fetched without leaving.
for (const form of document.querySelectorAll("form[data-rows]")) {
  const boxes = [...form.querySelectorAll("input[name=ids]")];
  const all = form.querySelector("[data-all]");
  const bar = document.querySelector(".ad-bulk");
  const count = bar?.querySelector("[data-count]");
  const whole = bar?.querySelector("#all");
  const words = count?.textContent ?? "";
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (bar) bar.hidden = chosen === 0 && !whole?.checked;
    if (count) count.textContent = whole?.checked ? "All selected" : chosen ? `${chosen} selected` : words;
  };
  if (all) all.hidden = false;
  all?.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  whole?.addEventListener("change", tell);
  form.addEventListener("reset", () => setTimeout(tell));
  window.addEventListener("pageshow", tell);
  tell();
}

// What went wrong is read first.
document.querySelector("#trouble, #refused, [aria-invalid=true]")?.focus({ preventScroll: false });
