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

async function refresh(form, area, url, changed) {
  const asked = new URLSearchParams({ country: value(form, "country") });
  if (changed !== "country") asked.set("state", value(form, "state"));
  area.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`${url}?${asked}`, { headers: { Accept: "text/html" } });
    if (!response.ok) return;
    const html = await response.text(); // our own server's page, drawn with escaping
    const typed = texts(area); // read now: somebody may have typed while we asked
    const focused = document.activeElement?.name;
    area.innerHTML = html;
    for (const input of area.querySelectorAll("input[name]")) input.value = typed.get(input.name) ?? input.value;
    if (focused && area.contains(form.elements.namedItem(focused))) form.elements.namedItem(focused).focus();
  } catch {
    form.querySelector("[data-scriptless]")?.removeAttribute("data-scriptless"); // then by hand
  } finally {
    area.removeAttribute("aria-busy");
  }
}

/** What is typed in the fields of the address; what was chosen belongs to another country. */
function texts(area) {
  return new Map([...area.querySelectorAll("input[name]")].map((input) => [input.name, input.value]));
}
