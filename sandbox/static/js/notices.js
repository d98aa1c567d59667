/** Short-lived notices, and refused calls in red; screen readers read them out. */

import { h, icon } from "./dom.js";
import { redraw } from "./redraw.js";
import { all } from "./store.js";

const LASTS = 8000;
const notices = [];
const dismissed = new Set();
const opened = Date.now() / 1000;

/** Show the person a notice. */
export function notify(text) {
  const notice = { text, key: crypto.randomUUID() };
  notices.push(notice);
  setTimeout(() => drop(notice), LASTS);
  redraw();
}

function drop(notice) {
  const at = notices.indexOf(notice);
  if (at >= 0) notices.splice(at, 1);
  redraw();
}

/** The corner with the notices. */
export function noticesView() {
  const violations = all("entry").filter((each) => each.kind === "violation" && each.at > opened && !dismissed.has(each.at));
  return h(
    "div",
    { class: "notices", role: "status", "aria-live": "polite" },
    violations.slice(-3).map((each) => violation(each)),
    notices.map((each) => h("div", { key: each.key, class: "notice" }, h("span", null, each.text), closer(() => drop(each)))),
  );
}

function violation(entry) {
  const forget = () => {
    dismissed.add(entry.at);
    redraw();
  };
  const details = (entry.details ?? []).join("; ");
  return h(
    "div",
    { key: `violation/${entry.at}`, class: "notice refused" },
    h("span", null, h("strong", null, `Refused as ${entry.error}`), details && `: ${details}`),
    closer(forget),
  );
}

function closer(onclick) {
  return h("button", { class: "quiet", "aria-label": "Dismiss", onclick }, icon("close"));
}
