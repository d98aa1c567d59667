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

/** Whether a question waits for its answer: nothing below it may change. */
const asking = () => document.querySelector("dialog[open]") !== null;

async function refresh() {
  if (document.hidden || asking()) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!asking()) swap(fresh);
    document.body.classList.remove("offline");
  } catch {
    document.body.classList.add("offline");
  }
}

if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);

/** What a message says once, such as "That is not the token.", a reload does not say again. */
function forgetWhatWasSaid() {
  const address = new URL(location.href);
  for (const name of ["wrong", "nothing"]) address.searchParams.delete(name);
  if (address.href !== location.href) history.replaceState(null, "", address);
}

forgetWhatWasSaid();

/** Ask whether to go on with a button's form, and then send it. */
function ask(form, button) {
  const dialog = document.querySelector("#confirm");
  const count = form.querySelectorAll('input[name="id"]:checked').length;
  dialog.querySelector("#confirm-words").textContent = button.dataset.confirm.replace("{n}", count === 1 ? "1 dead letter" : `${count} dead letters`);
  dialog.querySelector("#confirm-yes").textContent = button.textContent;
  dialog.returnValue = "";
  const done = () => {
    answered = dialog.returnValue === "yes" ? button : null;
    if (answered) form.requestSubmit(button);
  };
  dialog.addEventListener("close", done, { once: true });
  dialog.showModal();
}

let answered = null;

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const isEmpty = button?.dataset.confirm?.includes("{n}") && !event.target.querySelector('input[name="id"]:checked');
  if (button?.dataset.confirm && button !== answered && !isEmpty) {
    event.preventDefault();
    ask(event.target, button);
    return;
  }
  answered = null;
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
