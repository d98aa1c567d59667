/** A contact's phone: the texts between the contact and a line, as the provider stores them. */

import { post, taken } from "./api.js";
import { attachedView, fileButton, takeFiles } from "./attachments.js";
import { composerView } from "./composer.js";
import { h, icon } from "./dom.js";
import { markRead, move, place, readUntil } from "./place.js";
import { redraw } from "./redraw.js";
import { stuck } from "./scroll.js";
import { all, get, textsBetween, world } from "./store.js";
import { day, iso, time } from "./times.js";

let adding = false;

const NUMBER = /^\+[1-9]\d{6,14}$/;

export function phoneView() {
  const lines = Object.keys(world().lines);
  const line = lines.includes(place.line) ? place.line : lines[0];
  return h(
    "section",
    { class: "phone", "aria-label": "Phone" },
    h("header", { class: "phone-head" }, contactsView(line), adding && addView()),
    conversation(line, lines),
  );
}

/** The contacts in the address book, and other numbers with texts. */
function contacts() {
  const lines = world().lines;
  const others = all("text").flatMap((each) => [each.from, each.to]).filter((number) => !(number in lines));
  return [...new Set([...Object.keys(addressBook()), ...others])];
}

/** The names of contacts, by their numbers: the stand-ins keep them, for every browser. */
const addressBook = () => get("contacts") ?? {};

/** The name of a number in the address book. */
export const contactName = (number) => addressBook()[number] ?? number;

function contactsView(line) {
  const out = get("opted_out") ?? [];
  return h(
    "div",
    { key: "contacts", class: "contacts", role: "group", "aria-label": "Whose phone" },
    contacts().map((number) =>
      h(
        "button",
        { key: number, type: "button", "aria-pressed": String(number === place.contact), title: number, onclick: () => move({ contact: number }) },
        contactName(number).split(" ")[0],
        isUnread(line, number) && h("span", { key: "dot", class: "dot", role: "img", "aria-label": "new texts" }),
        out.some(([from, to]) => from === line && to === number) && h("small", { key: "out", class: "out", title: "opted out" }, " stop"),
      ),
    ),
    h("button", { key: "add", type: "button", class: "add", "aria-label": "Add a contact", "aria-expanded": String(adding), onclick: () => show(!adding) }, icon("plus")),
  );
}

/** Whether the contact's phone has texts that this page has not shown yet. */
function isUnread(line, number) {
  const texts = textsBetween(line, number);
  if (!texts.length) return false;
  const mark = secondsOf(texts.at(-1)) + (texts.length % 1000) / 1000;
  const key = `phone/${line}/${number}`;
  if (number !== place.contact) return mark > Number(readUntil(key));
  queueMicrotask(() => markRead(key, mark));
  return false;
}

function show(on) {
  adding = on;
  redraw();
}

function addView() {
  const add = async (event) => {
    event.preventDefault();
    const { name, number } = event.target.elements;
    const digits = number.value.replace(/[\s().-]/g, "");
    number.setCustomValidity(NUMBER.test(digits) ? "" : "Enter the number with its country code, such as +15557770009");
    if (!event.target.reportValidity()) return;
    if (!taken(await post("contact", { number: digits, name: name.value.trim() || digits }))) return;
    adding = false;
    move({ contact: digits });
  };
  return h(
    "form",
    { key: "add", class: "add-contact", onsubmit: add, onkeydown: (event) => event.key === "Escape" && show(false) },
    h("input", { name: "name", placeholder: "Name", "aria-label": "Name", autocomplete: "off", mounted: (node) => node.focus() }),
    h("input", { name: "number", type: "tel", placeholder: "+15557770009", "aria-label": "Number", required: true, autocomplete: "off", oninput: (event) => event.target.setCustomValidity("") }),
    h("button", { type: "submit", class: "button primary" }, "Add"),
  );
}

function conversation(line, lines) {
  const contact = place.contact;
  const texts = textsBetween(line, contact);
  const key = `phone/${line}/${contact}`;
  const text = async (body, media = []) => taken(await post("text", { from: contact, to: line, body, media }));
  const burst = () => ["Hello?", "Are you there?", "It is about my order", "Number 4471", "Thanks!"].reduce((before, body) => before.then(() => text(body)), Promise.resolve());
  return [
    h(
      "div",
      { key: "who", class: "phone-who" },
      h("h2", null, contactName(contact)),
      h("small", null, contact, " → ", lines.length > 1 ? lineMenu(line, lines) : line),
    ),
    h(
      "div",
      { key: `texts/${key}`, class: "stream bubbles", tabindex: "0", role: "log", "aria-label": `Texts of ${contactName(contact)}`, mounted: stuck },
      !texts.length && h("p", { key: "empty", class: "empty" }, `${contactName(contact).split(" ")[0]} has sent no text yet. Write one below.`),
      texts.map((each, number) => [dayOf(each, texts[number - 1]), bubble(each, contact)]),
    ),
    h(
      "div",
      { key: "quick", class: "quick", role: "group", "aria-label": "Quick texts" },
      ["STOP", "START", "HELP"].map((word) => h("button", { key: word, type: "button", onclick: () => text(word) }, word)),
      h("button", { key: "burst", type: "button", title: "Five texts at once, to watch the debounce", onclick: burst }, "Burst of 5"),
    ),
    composerView({
      key,
      label: `Text ${line}`,
      placeholder: "Text message",
      before: [fileButton(key, "image/*,video/*,application/pdf"), attachedView(key)],
      files: () => takeFiles(key),
      send: (body, files) => text(body, files.map(({ type, data }) => ({ content_type: type, data }))),
    }),
  ];
}

function lineMenu(line, lines) {
  const options = lines.map((each) => h("option", { value: each, selected: each === line }, each));
  return h("select", { "aria-label": "Line", onchange: (event) => move({ line: event.target.value }) }, options);
}

const secondsOf = (text) => Date.parse(text.date_created) / 1000;

function dayOf(text, before) {
  const today = day(secondsOf(text));
  if (before && day(secondsOf(before)) === today) return null;
  return h("h3", { key: `day/${text.sid}`, class: "day" }, h("span", null, today));
}

const FATES = { queued: "Queued", accepted: "Queued", sending: "Sending…", sent: "Sent", delivered: "Delivered", undelivered: "Not delivered", failed: "Failed", canceled: "Canceled" };

function bubble(text, contact) {
  const own = text.from === contact;
  const fate = own ? null : FATES[text.status] ?? text.status;
  const bad = ["failed", "undelivered"].includes(text.status);
  return h(
    "article",
    { key: text.sid, class: `bubble ${own ? "own" : "reply"}${bad ? " bad" : ""}`, "aria-label": own ? "Text from the contact" : "Text to the contact" },
    text.media.map((each) => mediaView(each)),
    text.body && h("p", { key: "body" }, text.body),
    h(
      "footer",
      { key: "foot" },
      h("time", { datetime: iso(secondsOf(text)) }, time(secondsOf(text))),
      fate && h("span", { key: "fate", class: "fate" }, fate),
      text.error_code && h("span", { key: "code", title: text.error_message }, `error ${text.error_code}`),
      Number(text.num_segments) > 1 && h("span", { key: "segments" }, `${text.num_segments} segments`),
    ),
  );
}

function mediaView({ sid, content_type, url }) {
  const address = `/sandbox/${url}`;
  if (content_type.startsWith("image/")) return h("img", { key: sid, src: address, alt: "Attached picture" });
  return h("a", { key: sid, href: address, target: "_blank", class: "file" }, icon("clip"), content_type);
}
