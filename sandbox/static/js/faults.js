/** Buttons that make Slack, the phone network and the workers fail, to watch how Clerk copes. */

import { post, send } from "./api.js";
import { h } from "./dom.js";
import { get } from "./store.js";

let times = 1;
let code = 30003;

const CODES = [
  [30003, "Unreachable phone"],
  [30005, "Unknown number"],
  [30007, "Carrier filtered it"],
  [30034, "Unregistered line"],
];
const REJECTIONS = [
  [21610, "Opted out"],
  [21614, "Not a mobile number"],
  [20429, "Too many requests"],
  [21408, "Country disabled"],
];

export function faultsView(inside) {
  const waiting = get("faults") ?? [];
  const handling = get("handling")?.[""] ?? {};
  const slack = (kind, more = {}) => post("faults", { api: "slack", kind, times, ...more });
  const network = (changes) => post("handling", changes);
  return h(
    "div",
    { key: "faults", class: "card faults" },
    h("h3", null, "Make it fail"),
    h(
      "div",
      { class: "row" },
      h("span", null, "Slack"),
      h("input", { type: "number", min: "1", max: "99", value: "1", "aria-label": "How many calls", title: "How many of the next calls", onchange: (event) => (times = Number(event.target.value) || 1) }),
      button("429", "Too many requests: try again in 3 seconds", () => slack("429", { seconds: 3 })),
      button("500", "Internal error", () => slack("500")),
      button("No answer", "Slack executes the call, but Clerk never gets the answer", () => slack("drop")),
    ),
    h(
      "div",
      { class: "row" },
      h("span", null, "Texts"),
      h(
        "select",
        { "aria-label": "How the next text fails", onchange: (event) => (code = Number(event.target.value)) },
        h("optgroup", { label: "Accepted, then fails" }, CODES.map(option)),
        h("optgroup", { label: "Refused at once" }, REJECTIONS.map(option)),
      ),
      button("Fail", "Make the next text fail this way", () => (code in Object.fromEntries(CODES) ? network({ fail_code: code, fail_times: 1 }) : post("faults", { api: "twilio", method: "messages.create", kind: "error", code: String(code) }))),
    ),
    h(
      "div",
      { class: "row" },
      h("span", null, "Reports"),
      toggle("Shuffled", "Delivery reports arrive in the wrong order", handling.shuffled, () => network({ shuffled: !handling.shuffled })),
      toggle("Twice", "Delivery reports arrive twice", handling.twice, () => network({ twice: !handling.twice })),
      toggle("Held", "Texts stay with the provider until you release them", handling.held, () => network({ held: !handling.held })),
    ),
    inside &&
      h(
        "div",
        { key: "workers", class: "row" },
        h("span", null, "Workers"),
        toggle(inside.working ? "Stop" : "Start", inside.working ? "Stop the workers: queues fill" : "Start the workers again", !inside.working, () => post("workers", { working: !inside.working })),
        button("Kill at Slack", "Slack executes the workers' next call, but they die before they get the answer; new workers start their messages again", () => slack("kill")),
        button("Kill at text", "The provider accepts the workers' next text, but they die before they get the answer", () => post("faults", { api: "twilio", method: "messages.create", kind: "kill" })),
      ),
    waiting.length > 0 || handling.fail_times > 0 ? onOrder(waiting, handling) : null,
  );
}

const option = ([value, label]) => h("option", { value, selected: value === code }, `${value} ${label}`);

function button(label, title, onclick) {
  return h("button", { key: label, type: "button", class: "small", title, onclick }, label);
}

function toggle(label, title, on, onclick) {
  return h("button", { key: title, type: "button", class: "small", title, "aria-pressed": String(Boolean(on)), onclick }, label);
}

function onOrder(waiting, handling) {
  const parts = waiting.map((each) => `${each.api} ${each.kind === "error" ? each.code : each.kind}${each.times > 1 ? ` ×${each.times}` : ""}`);
  if (handling.fail_times > 0) parts.push(`text ${handling.fail_code}`);
  const clear = async () => {
    await send("DELETE", "faults");
    await post("handling", { fail_times: 0 });
  };
  return h("p", { key: "order", class: "on-order" }, h("strong", null, "Ordered: "), parts.join(", "), " ", h("button", { type: "button", class: "link", onclick: clear }, "cancel"));
}
