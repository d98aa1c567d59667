// Reads the page again every few seconds and replaces the parts marked data-live, so that only the server draws.
// The console works without this script: reload the page instead.

const EVERY = 5000;

/** Replace each live part by its new version, unless somebody is using it. */
function swap(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!fresh || fresh.innerHTML === part.innerHTML) continue;
    if (part.contains(document.activeElement)) continue;
    if (part.dataset.hold && part.querySelector(part.dataset.hold)) continue;
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll("details").forEach((each, place) => {
      if (place in open) each.open = open[place];
    });
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    document.body.classList.remove("offline");
  } catch {
    document.body.classList.add("offline");
  }
}

if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.confirm && !confirm(button.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (button && "clear" in button.dataset) {
    for (const box of event.target.querySelectorAll('input[name="id"]')) box.checked = false;
  }
});

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (!name) return;
  for (const box of document.querySelectorAll(`input[name="${name}"]`)) box.checked = event.target.checked;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  document.querySelector("#q")?.focus();
});
