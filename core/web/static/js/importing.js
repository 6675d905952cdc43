// An import under way: look again without reloading, and draw the page anew when it has come to its end.
// Without this file the page reloads by itself.

import "./scripted.js";

const AGAIN_MS = 2000;
const live = document.querySelector("[data-import]");

if (live) setTimeout(look, AGAIN_MS);

async function look() {
  if (document.hidden) {
    document.addEventListener("visibilitychange", look, { once: true });
    return;
  }
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (response.ok && !show(await response.text())) return;
  } catch {
    // no connection for a moment: the import goes on without us
  }
  setTimeout(look, AGAIN_MS);
}

/** False when the page has become another one, which is then loaded whole. */
function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html").querySelector("[data-import]");
  if (!next || next.dataset.import !== live.dataset.import) {
    location.reload();
    return false;
  }
  live.replaceChildren(...next.childNodes);
  return true;
}
