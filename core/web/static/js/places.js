// States and counties follow the country without a round trip of the whole form.

export function places(form) {
  const url = form.dataset.placesUrl;
  const area = form.querySelector("[data-places-fields]");
  if (!url || !area) return;
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-places]")) refresh(form, area, url, event.target.name);
  });
  // Somebody, or the browser's memory, may have chosen before this script was here.
  const [country, state] = area.dataset.drawnFor.split(":");
  if (value(form, "country") !== country) refresh(form, area, url, "country");
  else if (value(form, "state") !== state) refresh(form, area, url, "state");
}

function value(form, name) {
  return form.elements.namedItem(name)?.value ?? "";
}

let latest = 0; // of what was asked: an answer that was overtaken is not drawn

async function refresh(form, area, url, changed) {
  const mine = ++latest;
  const asked = new URLSearchParams({ country: value(form, "country") });
  if (changed !== "country") asked.set("state", value(form, "state"));
  area.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`${url}?${asked}`, { headers: { Accept: "text/html" } });
    const html = response.ok ? await response.text() : ""; // our own server's page, drawn with escaping
    if (!html || mine !== latest) return;
    const typed = texts(area); // read now: somebody may have typed while we asked
    const chosen = choices(area);
    const focused = document.activeElement?.name;
    draw(area, html, changed === "country" ? "" : focused);
    for (const input of area.querySelectorAll("input[name]")) input.value = typed.get(input.name) ?? input.value;
    for (const [name, before] of choices(area)) {
      const was = chosen.get(name);
      if (was?.value && was.of === before.of) area.querySelector(`select[name="${name}"]`).value = was.value;
    }
    if (focused && area.contains(form.elements.namedItem(focused))) form.elements.namedItem(focused).focus();
  } catch {
    form.querySelector("[data-scriptless]")?.removeAttribute("data-scriptless"); // then by hand
  } finally {
    if (mine === latest) area.removeAttribute("aria-busy");
  }
}

/** The new fields around the one somebody is in: taken out, a list would forget what is being typed to it. */
function draw(area, html, focused) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const own = (blocks) => [...blocks].find((block) => focused && block.querySelector(`[name="${focused}"]`));
  const kept = own(area.children);
  const twin = own(fresh.content.children);
  if (!kept || !twin) return area.replaceChildren(fresh.content);
  for (const block of [...area.children]) if (block !== kept) block.remove();
  const blocks = [...fresh.content.children];
  kept.before(...blocks.slice(0, blocks.indexOf(twin)));
  kept.after(...blocks.slice(blocks.indexOf(twin) + 1));
}

/** What is chosen in each list, and from what: a choice is kept where the new list is the same one. */
function choices(area) {
  const lists = [...area.querySelectorAll("select[name]")];
  return new Map(lists.map((list) => [list.name, { value: list.value, of: [...list.options].map((one) => one.value).join() }]));
}

/** What is typed in the fields of the address. */
function texts(area) {
  return new Map([...area.querySelectorAll("input[name]")].map((input) => [input.name, input.value]));
}
