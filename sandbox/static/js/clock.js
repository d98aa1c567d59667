/** The clock in one's hand: what it shows, and where it can be moved to. */

import { post, taken } from "./api.js";
import { h, icon } from "./dom.js";
import { notify } from "./notices.js";
import { move, place } from "./place.js";
import { redraw } from "./redraw.js";
import { get, machinery } from "./store.js";

let moving = false;
let typed = null;

const shown = () => get("clock") ?? { ahead: 0, distance: "", zones: [] };
const inZone = ({ zones }) => zones.find((each) => each.zone === place.zone) ?? zones[0];

/** The button in the top bar that opens and shuts the row. */
export function clockButton() {
  const { distance } = shown();
  const label = distance ? `Clock: ${distance}` : "Clock: now";
  return h(
    "button",
    { key: "clock", type: "button", class: `quiet${distance ? " shifted" : ""}`, "aria-label": label, title: label, "aria-expanded": String(place.clock), "aria-controls": "clock", onclick: () => move({ clock: !place.clock }) },
    icon("clock"),
  );
}

/** The row below the top bar: always the time if it is not the real one, and the controls if they are wanted. */
export function clockView() {
  const clock = shown();
  const here = inZone(clock);
  if (!here || !(clock.distance || place.clock)) return null;
  return h(
    "section",
    { key: "clockbar", id: "clock", class: `clockbar${clock.distance ? " shifted" : ""}`, "aria-label": "Clock", "aria-busy": String(moving) },
    h("p", { key: "time", class: "clock-time", role: "status" }, h("strong", null, here.shown), ` in ${here.place}: `, clock.distance || "now"),
    clock.distance && h("button", { key: "now", type: "button", class: "button", onclick: () => go("now") }, "Back to now"),
    place.clock && h("div", { key: "controls", class: "clock-controls" }, machinery() ? controls(clock, here) : h("p", { key: "away", class: "hint" }, "Clerk runs elsewhere, so this page can't move its clock.")),
  );
}

function controls(clock, here) {
  return [
    h(
      "label",
      { key: "zone" },
      "In ",
      h("select", { onchange: (event) => move({ zone: event.target.value }) }, clock.zones.map(({ zone, place: name }) => h("option", { key: zone, value: zone, selected: zone === here.zone }, name))),
    ),
    h(
      "div",
      { key: "steps", class: "clock-steps", role: "group", "aria-label": "Move the clock" },
      step("An hour on", "60 minutes later", "hour"),
      step("A day on", "24 hours later", "day"),
      step("A week on", "7 days later", "week"),
      step("Sunday, 3 a.m.", here.sunday, "sunday"),
      step("The night clocks change", `Ten minutes before they go ${here.change}`, "change"),
    ),
    h(
      "form",
      { key: "at", class: "clock-at", onsubmit: submit },
      h("input", { type: "datetime-local", required: true, "aria-label": `Date and time in ${here.place}`, value: here.wall, oninput: (event) => (typed = event.target.value) }),
      h("button", { type: "submit", class: "button" }, "Go there"),
    ),
  ];
}

function step(label, title, to) {
  return h("button", { key: to, type: "button", class: "button", title, onclick: () => go(to) }, label);
}

function submit(event) {
  event.preventDefault();
  go(typed ?? event.target.querySelector("input").value);
}

async function go(to) {
  if (moving) return;
  moving = true;
  redraw();
  const answer = await post("clock", { to, zone: inZone(shown()).zone });
  moving = false;
  if (taken(answer)) {
    const due = answer.due === 1 ? "1 thing has fallen due." : answer.due ? `${answer.due} things have fallen due.` : "";
    if (answer.remark || due) notify(`${answer.remark} ${due}`.trim());
  }
  redraw();
}
