/** Where a person writes: Enter sends, Shift+Enter starts a new line; drafts stay. */

import { h, icon } from "./dom.js";
import { draft, forget, keep } from "./drafts.js";
import { withCodes } from "./emoji.js";
import { all } from "./store.js";

/** `send(text, files)` resolves to whether the message was accepted; if not, the text returns to the box. */
export function composerView({ key, label, placeholder, send, before, files, disabled }) {
  const go = async (form) => {
    const box = form.elements.text;
    const text = box.value.trim();
    const attached = files?.() ?? [];
    if (!text && !attached.length) return;
    box.value = "";
    forget(key);
    grow(box);
    if (!(await send(text, attached)) && !box.value) {
      box.value = text;
      keep(key, text);
      grow(box);
    }
  };
  return h(
    "form",
    {
      key,
      class: "composer",
      onsubmit: (event) => {
        event.preventDefault();
        go(event.currentTarget);
      },
    },
    before,
    h("textarea", {
      key: "text",
      name: "text",
      rows: 1,
      "aria-label": label,
      placeholder,
      disabled,
      mounted: (node) => {
        node.value = draft(key) ?? "";
        grow(node);
      },
      oninput: (event) => {
        keep(key, event.target.value);
        grow(event.target);
      },
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        go(event.target.form);
      },
    }),
    h("button", { key: "send", type: "submit", class: "quiet send", "aria-label": "Send", disabled }, icon("send")),
  );
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

/** Convert typed text as Slack's client does: names become mentions, and emoji become codes. */
export function asSlackText(typed) {
  const people = new Map(all("person").flatMap((each) => [each.name, each.shown].map((name) => [name.toLowerCase(), each.id])));
  const channels = new Map(all("channel").filter((each) => !each.is_im).map((each) => [each.name, each.id]));
  const linked = typed
    .replace(/(?<![\w@/])@([\w.-]+)/g, (whole, name) => (people.has(name.toLowerCase()) ? `<@${people.get(name.toLowerCase())}>` : whole))
    .replace(/(?<![\w#/&])#([\w-]+)/g, (whole, name) => (channels.has(name) ? `<#${channels.get(name)}|${name}>` : whole));
  return withCodes(linked);
}
