// The form of a contact in the admin: the address follows its country, and all mails can be ticked at once.

import { places } from "./places.js";

const form = document.querySelector("form[data-contact]");
const toggles = form.querySelector("[data-toggles]");
const all = toggles.querySelector("[data-toggle-all]");
const count = toggles.querySelector("[data-toggle-count]");
const boxes = [...toggles.querySelectorAll('input[name="email_actions"]')];

document.documentElement.classList.add("is-scripted");
places(form);
toggles.querySelector("[data-toggle-row]").hidden = false;
all.addEventListener("change", () => {
  for (const box of boxes) box.checked = all.checked;
  tell();
});
for (const box of boxes) box.addEventListener("change", tell);
form.addEventListener("reset", () => setTimeout(tell)); // after the browser has put the boxes back
window.addEventListener("pageshow", tell);

function tell() {
  const ticked = boxes.filter((box) => box.checked).length;
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
  count.textContent = `${ticked} of ${boxes.length} mails are on`;
}
