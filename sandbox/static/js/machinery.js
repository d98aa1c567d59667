/** The machinery: pending notifications and queues, the timeline, and the faults to order. */

import { post } from "./api.js";
import { h, icon } from "./dom.js";
import { faultsView } from "./faults.js";
import { contactName } from "./phone.js";
import { move, place } from "./place.js";
import { redraw, tickIn } from "./redraw.js";
import { machinery } from "./store.js";
import { timelineView } from "./timeline.js";
import { clock, now } from "./times.js";

const SLICES = ["ingestion", "tickets", "notifications", "slack", "interactive", "sms"];
const LONGEST = 300;

const drafts = new Map();

export function machineryView() {
  const inside = machinery();
  const pending = inside?.pending ?? [];
  if (pending.length) tickIn(250);
  return h(
    "section",
    { key: "machinery", class: `machinery${place.strip ? "" : " shut"}`, "aria-label": "Machinery" },
    h(
      "header",
      null,
      h(
        "button",
        { type: "button", class: "machinery-toggle", "aria-expanded": String(place.strip), onclick: () => move({ strip: !place.strip }) },
        icon("down"),
        h("h2", null, "Machinery"),
      ),
      inside && h("span", { key: "summary", class: "summary" }, summary(inside)),
    ),
    place.strip && h("div", { key: "body", class: "machinery-body" }, debounceView(inside, pending), timelineView(), faultsView(inside)),
  );
}

function summary({ pending, queues, working, trouble }) {
  const waiting = SLICES.reduce((sum, slice) => sum + (queues[slice] ?? 0), 0);
  const dead = SLICES.reduce((sum, slice) => sum + (queues[`${slice}.XQ`] ?? 0), 0);
  return [
    trouble || `${pending.length ? `next notification in ${clock(Math.min(...pending.map((each) => each.due_at)) - now())}` : "no notification pending"} · ${waiting} queued`,
    dead > 0 && h("strong", { key: "dead", class: "bad" }, ` · ${dead} dead`),
    !working && h("strong", { key: "stopped", class: "bad" }, " · workers stopped"),
  ];
}

function debounceView(inside, pending) {
  if (!inside) return h("div", { key: "debounce", class: "card" }, h("h3", null, "Debounce"), h("p", { class: "hint" }, "Clerk runs elsewhere, so this page can't show its queues."));
  return h(
    "div",
    { key: "debounce", class: "card debounce" },
    h("h3", null, "Pending notifications"),
    h(
      "ul",
      { class: "pending", role: "list", "aria-label": "Pending notifications" },
      pending.map(pendingView),
      !pending.length && h("li", { key: "none", class: "hint" }, "None. Send two texts in a row: the second waits here until the contact has been quiet for a while."),
    ),
    inside.windows.map(windowView),
    queuesView(inside.queues),
  );
}

function pendingView(each) {
  const left = each.due_at - now();
  const share = Math.max(0, Math.min(1, left / Math.max(1, each.due_at - each.waiting_since)));
  return h(
    "li",
    { key: each.conversation },
    h("strong", null, contactName(each.contact)),
    h("span", null, `${each.unannounced} unannounced`),
    h("time", { role: "timer", "aria-label": `announced in ${clock(left)}` }, left > 0 ? clock(left) : "now"),
    h("span", { class: "bar", style: { "--share": String(share) } }),
  );
}

/** The slider is logarithmic: a second matters at two seconds, not at two hundred. */
function windowView({ line, seconds, cap }, _, all) {
  const shown = drafts.get(line) ?? seconds;
  const id = `window/${line}`;
  return h(
    "div",
    { key: id, class: "window" },
    h("label", { for: id }, all.length > 1 ? `Quiet for, ${line}` : "Quiet for"),
    h("input", {
      id,
      type: "range",
      min: "0",
      max: "100",
      step: "1",
      "aria-valuetext": `${shown} ${shown === 1 ? "second" : "seconds"}`,
      ".value": String(Math.round((Math.log(shown) / Math.log(LONGEST)) * 100)),
      oninput: (event) => {
        drafts.set(line, Math.max(1, Math.round(LONGEST ** (event.target.value / 100))));
        redraw();
      },
      onchange: async () => {
        await post("window", { line, seconds: drafts.get(line) ?? seconds });
        drafts.delete(line);
      },
    }),
    h("output", { for: id, title: `Clerk announces a conversation that never falls quiet after ${clock(cap)}` }, shown < 60 ? `${shown} s` : clock(shown)),
  );
}

function queuesView(queues) {
  return h(
    "dl",
    { key: "queues", class: "queues", "aria-label": "Queues" },
    SLICES.map((slice) => {
      const [ready, delayed, dead] = [slice, `${slice}.DQ`, `${slice}.XQ`].map((name) => queues[name] ?? 0);
      return h(
        "div",
        { key: slice, class: ready ? "some" : null },
        h("dt", null, slice),
        h("dd", null, ready, delayed > 0 && h("small", { key: "delayed", title: "delayed" }, ` +${delayed}`), dead > 0 && h("strong", { key: "dead", class: "bad", title: "dead letters" }, ` ✗${dead}`)),
      );
    }),
  );
}
