/** The top bar: the person to act as, the theme, and whether the page is up to date. */

import { clockButton } from "./clock.js";
import { h, icon } from "./dom.js";
import { avatar } from "./message.js";
import { move, place } from "./place.js";
import { all, known, link } from "./store.js";

const THEMES = { auto: ["light", "Same as the system"], light: ["dark", "Light"], dark: ["auto", "Dark"] };
const PICTURES = { auto: "auto", light: "sun", dark: "moon" };

/** Put the focus on the messages that are shown: the next Tab is at the first of their controls. */
function skip(event) {
  event.preventDefault();
  const streams = [".slack .stream", ".phone .stream"].flatMap((each) => [...document.querySelectorAll(each)]);
  streams.find((each) => each.checkVisibility())?.focus();
}

export function topbarView() {
  const [next, name] = THEMES[place.theme];
  const people = all("person").filter((each) => !each.deactivated);
  return h(
    "header",
    { class: "topbar" },
    h("a", { class: "skip", href: "#/messages", onclick: skip }, "Skip to the messages"),
    h("img", { src: "/sandbox/static/icon.svg", alt: "", width: 22, height: 22 }),
    h("h1", null, "Clerk ", h("small", null, "sandbox")),
    h("span", { class: `live${link.live ? "" : " lost"}`, role: "status" }, link.live ? "live" : known() ? "reconnecting…" : "connecting…"),
    h(
      "div",
      { class: "tabs", role: "group", "aria-label": "What to show" },
      ["phone", "slack"].map((tab) => h("button", { key: tab, type: "button", "aria-pressed": String(place.tab === tab), onclick: () => move({ tab }) }, tab === "phone" ? "Phone" : "Slack")),
    ),
    h(
      "div",
      { class: "who", role: "group", "aria-label": "Act as" },
      people.map((each) =>
        h(
          "button",
          { key: each.id, type: "button", "aria-pressed": String(each.id === place.me), onclick: () => move({ me: each.id }) },
          avatar(each.id),
          each.shown,
        ),
      ),
    ),
    clockButton(),
    h("button", { type: "button", class: "quiet", "aria-label": `Theme: ${name}`, title: `Theme: ${name}`, onclick: () => move({ theme: next }) }, icon(PICTURES[place.theme])),
  );
}
