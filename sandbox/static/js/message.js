/** A message in a channel or thread. */

import { post } from "./api.js";
import { blocksView } from "./blocks.js";
import { h, icon } from "./dom.js";
import { emojiNamed } from "./emoji.js";
import { menuButton } from "./menu.js";
import { mrkdwn, nameOf, ownHash } from "./mrkdwn.js";
import { goTo, place } from "./place.js";
import { redraw } from "./redraw.js";
import { found, messageAt, replies, world } from "./store.js";
import { day, exactTime, iso, time } from "./times.js";

const LINK_WITHIN = 3000;

const busy = new Set();
const editing = new Set();

/** A message; `place` is "channel" or "thread". */
export function messageView(message, channel, inThread, before) {
  const key = `${inThread ? "thread" : "channel"}/${message.ts}`;
  const together = before && before.user === message.user && before.username === message.username && !before.reactions?.length && message.ts - before.ts < 180 && !message.ephemeral;
  return h(
    "article",
    {
      key,
      id: key,
      class: ["message", together && "together", message.ephemeral && "ephemeral", place.target === message.ts && "target"].filter(Boolean).join(" "),
      "aria-label": `${signed(message)}, ${time(message.ts)}`,
    },
    together ? h("time", { key: "gutter", class: "gutter", datetime: iso(message.ts) }, time(message.ts)) : message.username ? pictured(message) : avatar(message.user),
    h(
      "div",
      { class: "message-body" },
      message.ephemeral && onlyYou(message),
      !together && header(message),
      content(message, key, channel, inThread),
      message.files?.map(fileView),
      reactionsView(message),
      !inThread && threadFooter(message, channel),
    ),
    !message.ephemeral && actions(message, channel, inThread, key),
  );
}

/** What is above a message that one person sees: as in Slack, they can put it away. */
function onlyYou({ viewer, ts }) {
  const dismiss = h("button", { type: "button", class: "link", onclick: () => post("dismiss", { user: viewer, ts }) }, "Dismiss message");
  return h("p", { key: "only", class: "only-you" }, "Only visible to you · ", dismiss);
}

function header(message) {
  return h(
    "header",
    { key: "header" },
    h("strong", null, signed(message)),
    message.user === world().bot && h("span", { class: "app" }, "APP"),
    h("time", { datetime: iso(message.ts), title: `${day(message.ts)} ${exactTime(message.ts)}` }, time(message.ts)),
  );
}

function content(message, key, channel, inThread) {
  if (editing.has(message.ts)) return editor(message, channel);
  if (message.subtype === "tombstone") return h("p", { key: "text", class: "tombstone" }, message.text);
  const edited = message.edited && message.user !== world().bot && h("small", { key: "edited", class: "edited" }, " (edited)");
  if (!message.blocks?.length) return h("div", { key: "text", class: "text" }, mrkdwn(message.text), edited);
  const where = {
    key,
    heading: inThread ? "h3" : "h4",
    act: (element, block, chosen) => act(message, channel, element, chosen),
    busy: (element) => busy.has(`${message.ts}/${element.action_id}`),
  };
  return h("div", { key: "blocks", class: "blocks" }, blocksView(message.blocks, where), edited);
}

/** Send a click as a webhook; a link button also opens its link. */
async function act(message, channel, element, selected) {
  const mark = `${message.ts}/${element.action_id}`;
  busy.add(mark);
  redraw();
  const clicked = post("click", { user: place.me, channel, ts: message.ts, action_id: element.action_id, selected });
  if (element.url) follow(element.url);
  await clicked;
  busy.delete(mark);
  redraw();
  if (element.type === "button" && !element.url) follow(await found(() => urlOf(message, channel, element), LINK_WITHIN));
}

/** The current link of a message's button: a card gets its own address only after it was posted. */
function urlOf({ ts }, channel, { action_id }) {
  const blocks = messageAt(channel, ts)?.blocks ?? [];
  return blocks.flatMap((each) => each.elements ?? []).find((each) => each.action_id === action_id)?.url;
}

function follow(address) {
  if (!address) return;
  const hash = ownHash(address);
  if (!hash) window.open(address, "_blank", "noopener,noreferrer");
  else if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

/** The name under which a message is: its own, where the app gave it one. */
function signed(message) {
  return message.username ?? nameOf(message.user);
}

/** The avatar of a message under a name of its own: the app's emoji on the name's colour. */
function pictured(message) {
  const icon = emojiNamed(message.icons?.emoji?.replaceAll(":", "") ?? "");
  return h("span", { key: "avatar", class: "avatar named", style: { "--hue": String(hueOf(message.username)) }, "aria-hidden": "true" }, icon);
}

/** A colour: the same for the same name. */
function hueOf(name) {
  return [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
}

/** A person's avatar. */
export function avatar(id) {
  const name = nameOf(id);
  const hue = hueOf(name);
  return h("span", { key: "avatar", class: `avatar${id === world().bot ? " bot" : ""}`, style: { "--hue": String(hue) }, "aria-hidden": "true" }, id === world().bot ? "✓" : name[0].toUpperCase());
}

function reactionsView(message) {
  if (!message.reactions?.length) return null;
  const shown = message.reactions.map((each) => {
    const names = each.users.map(nameOf).join(", ");
    return h("span", { key: each.name, class: "reaction", role: "img", "aria-label": `${each.name.replaceAll("_", " ")}, by ${names}`, title: `:${each.name}: ${names}` }, emojiNamed(each.name), each.count > 1 && h("small", null, each.count));
  });
  return h("div", { key: "reactions", class: "reactions" }, shown);
}

function fileView(file) {
  const address = `/sandbox/slack/client/${file.id}`;
  const picture = file.mimetype?.startsWith("image/");
  return h(
    "a",
    { key: `file/${file.id}`, class: picture ? "file image" : "file", href: address, target: "_blank" },
    picture ? h("img", { src: address, alt: file.title || file.name, loading: "lazy" }) : [icon("clip"), file.title || file.name],
  );
}

function threadFooter(message, channel) {
  const answers = replies(channel, message.ts);
  if (!answers.length) return null;
  const people = [...new Set(answers.map((each) => each.user))].slice(0, 3);
  return h(
    "button",
    { key: "footer", type: "button", class: "thread-link", onclick: () => goTo(channel, message.ts) },
    people.map((each) => h("span", { key: each }, avatar(each))),
    h("strong", null, `${answers.length} ${answers.length === 1 ? "reply" : "replies"}`),
    h("small", null, `last ${time(answers.at(-1).ts)}`),
  );
}

function actions(message, channel, inThread, key) {
  const own = message.user === place.me && message.subtype !== "tombstone";
  return h(
    "div",
    { key: "actions", class: "message-actions" },
    !inThread && h("button", { type: "button", class: "quiet", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => goTo(channel, message.ts) }, icon("reply")),
    own &&
      menuButton({
        key: `${key}/menu`,
        label: "More message actions",
        items: [
          { label: "Edit message", act: () => edit(message, true) },
          { label: "Delete message", danger: true, act: () => post("delete", { user: place.me, channel, ts: message.ts }) },
        ],
      }),
  );
}

function edit(message, on) {
  if (on) editing.add(message.ts);
  else editing.delete(message.ts);
  redraw();
}

function editor(message, channel) {
  const save = async (event) => {
    event.preventDefault();
    const text = event.target.elements.text.value;
    edit(message, false);
    await post("edit", { user: place.me, channel, ts: message.ts, text });
  };
  return h(
    "form",
    { key: "editor", class: "editor", onsubmit: save, onkeydown: (event) => event.key === "Escape" && edit(message, false) },
    h("input", { name: "text", "aria-label": "Edit message", value: message.text, autocomplete: "off", mounted: (node) => node.focus() }),
    h("button", { type: "submit", class: "button primary" }, "Save"),
    h("button", { type: "button", class: "button", onclick: () => edit(message, false) }, "Cancel"),
  );
}
