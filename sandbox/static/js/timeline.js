/** The events of the last minutes, with a lane for each conversation: webhooks, queue messages, API calls. */

import { h } from "./dom.js";
import { conversationOf } from "./conversations.js";
import { contactName } from "./phone.js";
import { move, place } from "./place.js";
import { tickIn } from "./redraw.js";
import { all, derived, machinery } from "./store.js";
import { exactTime } from "./times.js";

const SPAN = 120;
const LANES = 8;
const LOGGED = 80;
const KINDS = { webhook: "webhook", slack: "Slack call", twilio: "Twilio call", queue: "queue message", violation: "violation" };

const LEGEND = { webhook: "webhook", queue: "queue message", slack: "Slack call", twilio: "Twilio call" };

/** All events, oldest first. */
const happenings = derived(() => {
  const outside = all("entry").map((entry) => ({
    key: `entry/${entry.number}`,
    at: entry.at,
    kind: entry.kind === "twilio" || entry.kind === "slack" || entry.kind === "violation" ? entry.kind : "webhook",
    what: what(entry),
    outcome: entry.outcome ?? entry.error ?? "",
    bad: entry.kind === "violation" || (entry.outcome ?? "ok") !== "ok",
    latency: entry.latency,
    conversation: conversationOf(entry),
    entry,
  }));
  const inside = (machinery()?.handled ?? []).map((each) => ({
    key: `handled/${each.id}/${each.at}`,
    at: each.at,
    kind: "queue",
    what: each.actor,
    outcome: each.outcome,
    bad: each.outcome !== "done",
    conversation: each.conversation,
    entry: each,
  }));
  return [...outside, ...inside].sort((one, other) => one.at - other.at);
});

function what(entry) {
  if (entry.kind === "violation") return `${entry.method ?? entry.api}: ${entry.error}`;
  if (entry.kind !== "webhook") return entry.method;
  const ids = entry.ids ?? {};
  return `${entry.route} ${ids.action_id ?? ids.status ?? ids.type ?? ids.command ?? ""}`.trim();
}

export function timelineView() {
  const now = Date.now() / 1000;
  const found = happenings();
  const lanes = place.lane ? [place.lane] : laneNames(found);
  const shown = found.filter((each) => !place.lane || each.conversation === place.lane);
  if (found.some((each) => each.at > now - SPAN)) tickIn(1000);
  return h(
    "div",
    { key: "timeline", class: "card timeline" },
    h("h3", null, "Timeline", h("small", null, place.lane ? ` of ${name(place.lane)}` : " of the last two minutes"), place.lane && h("button", { key: "all", type: "button", class: "link", onclick: () => move({ lane: null }) }, "show all")),
    h(
      "div",
      { class: "lanes" },
      lanes.map((lane) => laneView(lane, found.filter((each) => each.conversation === lane && each.at > now - SPAN), now)),
      !lanes.length && h("p", { key: "none", class: "hint" }, "No conversation yet."),
    ),
    lanes.length > 0 && axisView(),
    logView(shown.slice(-LOGGED).reverse()),
  );
}

/** The times below the lanes, and what the marks stand for. */
function axisView() {
  const legend = [...Object.entries(LEGEND), ["bad", "failed"]];
  return h(
    "div",
    { key: "axis", class: "lane axis" },
    h("span", { class: "unseen" }, "The lanes show the last two minutes."),
    h("div", { class: "ticks", "aria-hidden": "true" }, ["−2 min", "−1½", "−1", "−½", "now"].map((each) => h("span", { key: each }, each))),
    h("ul", { class: "legend", role: "list", "aria-label": "What the marks stand for" }, legend.map(([kind, label]) => h("li", { key: kind }, h("i", { class: kind === "bad" ? "mark bad" : `mark is-${kind}` }), label))),
  );
}

const markClass = (each) => `mark is-${each.kind}${each.bad ? " bad" : ""}`;
const name = (conversation) => (conversation ? contactName(conversation.split(":")[1]) : "Others");

/** The conversations with recent events, the latest first. */
function laneNames(found) {
  const latest = new Map();
  for (const each of found) latest.set(each.conversation, each.at);
  return [...latest.entries()].filter(([lane]) => lane !== null).sort((one, other) => other[1] - one[1]).slice(0, LANES).map(([lane]) => lane);
}

function laneView(lane, happened, now) {
  return h(
    "div",
    { key: lane, class: "lane" },
    h("button", { type: "button", "aria-pressed": String(place.lane === lane), title: lane, onclick: () => move({ lane: place.lane === lane ? null : lane }) }, name(lane)),
    h(
      "div",
      { class: "track", role: "img", "aria-label": `${happened.length} ${happened.length === 1 ? "event" : "events"} in the last two minutes` },
      happened.map((each) =>
        h("i", { key: each.key, class: markClass(each), style: { left: `${100 - ((now - each.at) / SPAN) * 100}%` }, title: `${exactTime(each.at)} ${each.what} ${each.outcome}` }),
      ),
    ),
  );
}

function logView(found) {
  return h(
    "ol",
    { class: "log", tabindex: "0", "aria-label": "Events, newest first" },
    found.map((each) =>
      h(
        "li",
        { key: each.key, class: each.bad ? "bad" : each.kind === "queue" ? "minor" : null },
        h(
          "details",
          null,
          h(
            "summary",
            null,
            h("time", null, exactTime(each.at).replace(/ ?[AP]M$/i, "")),
            h("i", { class: markClass(each), title: KINDS[each.kind] }),
            h("span", { class: "what" }, each.what, !place.lane && each.conversation && h("small", { key: "whose" }, ` ${name(each.conversation)}`)),
            h("span", { class: "outcome" }, each.outcome === "ok" || each.outcome === "done" ? (each.latency === undefined ? "" : `${Math.round(each.latency)} ms`) : each.outcome),
          ),
          h("pre", null, JSON.stringify(each.entry, null, 1)),
        ),
      ),
    ),
  );
}
