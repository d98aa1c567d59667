/** The workspace: the channels, the open channel's messages, and the open thread. */

import { post, taken } from "./api.js";
import { attachedView, fileButton, takeFiles } from "./attachments.js";
import { asSlackText, composerView } from "./composer.js";
import { h, icon } from "./dom.js";
import { homePane } from "./home.js";
import { menuButton } from "./menu.js";
import { messageView } from "./message.js";
import { notify } from "./notices.js";
import { goHome, goTo, markRead, place, readUntil } from "./place.js";
import { channelOf, channelsFor, ephemeralsFor, messageAt, replies, rootMessages, world } from "./store.js";
import { stuck } from "./scroll.js";
import { day } from "./times.js";

export function slackView() {
  const channel = channelOf(place.channel) ?? channelsFor(place.me)[0];
  if (place.home) return h("section", { class: "slack", "aria-label": "Slack" }, sidebar(null), homePane());
  const root = place.thread && messageAt(channel.id, place.thread);
  return h(
    "section",
    { class: `slack${root ? " with-thread" : ""}`, "aria-label": "Slack" },
    sidebar(channel),
    channelPane(channel),
    root && threadPane(channel, root),
  );
}

function sidebar(current) {
  const found = channelsFor(place.me);
  const item = (each) => {
    const unread = rootMessages(each.id).filter((message) => message.ts > readUntil(each.id) && message.user !== place.me).length;
    return h(
      "li",
      { key: each.id },
      h(
        "button",
        {
          type: "button",
          class: unread ? "unread" : null,
          "aria-current": each.id === current?.id ? "page" : null,
          onclick: () => goTo(each.id),
        },
        h("span", { class: "sigil", "aria-hidden": "true" }, each.is_im ? "●" : each.is_private ? icon("lock") : "#"),
        h("span", { class: "name" }, each.is_im ? "Clerk" : each.name),
        each.is_archived && h("small", { key: "archived" }, "archived"),
        unread > 0 && h("span", { key: "count", class: "count", "aria-label": `${unread} unread` }, unread),
      ),
    );
  };
  return h(
    "nav",
    { class: "sidebar", "aria-label": "Channels" },
    h("h2", null, "Channels"),
    h("ul", null, found.filter((each) => !each.is_im).map(item)),
    h("h2", null, "Direct messages"),
    h("ul", null, found.filter((each) => each.is_im).map(item), !found.some((each) => each.is_im) && h("li", { key: "none", class: "none" }, "None yet")),
    h("h2", null, "Apps"),
    h(
      "ul",
      null,
      h(
        "li",
        { key: "home" },
        h("button", { type: "button", "aria-current": current ? null : "page", onclick: goHome }, h("span", { class: "sigil", "aria-hidden": "true" }, "✓"), h("span", { class: "name" }, "Home")),
      ),
    ),
  );
}

function titleOf(channel) {
  return channel.is_im ? "Clerk" : `#${channel.name}`;
}

function channelPane(channel) {
  const messages = rootMessages(channel.id);
  const whispers = ephemeralsFor(place.me, channel.id, null).map(whisper);
  const shown = [...messages, ...whispers].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  const last = messages.at(-1)?.ts;
  if (last && document.visibilityState === "visible") queueMicrotask(() => markRead(channel.id, last));
  return h(
    "div",
    { key: "channel", class: "pane channel" },
    h(
      "header",
      { class: "pane-head" },
      h("h2", null, channel.is_private && !channel.is_im && icon("lock"), " ", titleOf(channel)),
      !channel.is_member && !channel.is_im && h("small", { key: "out", class: "badge" }, "Clerk is not a member"),
      channel.is_archived && h("small", { key: "archived", class: "badge" }, "archived"),
      !channel.is_im && channelMenu(channel),
    ),
    h(
      "div",
      { key: channel.id, class: "stream", tabindex: "0", role: "log", "aria-label": `Messages in ${titleOf(channel)}`, mounted: stuck },
      !shown.length && h("p", { key: "empty", class: "empty" }, channel.id in linesByChannel() ? "Nothing here yet. Send a text from the phone." : "Nothing here yet."),
      withDays(shown, (message, before) => messageView(message, channel.id, false, before)),
    ),
    composerView({
      key: `composer/${channel.id}`,
      before: [fileButton(`composer/${channel.id}`), attachedView(`composer/${channel.id}`)],
      files: () => takeFiles(`composer/${channel.id}`),
      label: `Message ${titleOf(channel)}`,
      placeholder: `Message ${titleOf(channel)}, or /clerk`,
      disabled: channel.is_archived,
      send: (text, files) => say(channel, null, text, files),
    }),
  );
}

function linesByChannel() {
  return Object.fromEntries(Object.entries(world().lines).map(([line, channel]) => [channel, line]));
}

function withDays(messages, view) {
  const found = [];
  messages.forEach((message, number) => {
    const before = messages[number - 1];
    const fresh = !before || day(before.ts) !== day(message.ts);
    if (fresh) found.push(h("h3", { key: `day/${message.ts}`, class: "day" }, h("span", null, day(message.ts))));
    found.push(view(message, fresh ? null : before));
  });
  return found;
}

function whisper(each) {
  return { ...each, user: world().bot, viewer: each.user, ephemeral: true };
}

function channelMenu(channel) {
  const set = (changes) => post("channel", { id: channel.id, user: place.me, ...changes });
  return menuButton({
    key: `menu/${channel.id}`,
    label: "Channel settings",
    picture: "gear",
    items: [
      channel.is_member ? { label: "Remove Clerk from the channel", act: () => set({ joined: false }) } : { label: "Invite Clerk", act: () => set({ joined: true }) },
      channel.is_archived ? { label: "Unarchive", act: () => set({ archived: false }) } : { label: "Archive", danger: true, act: () => set({ archived: true }) },
    ],
  });
}

function threadPane(channel, root) {
  const found = replies(channel.id, root.ts);
  const whispers = ephemeralsFor(place.me, channel.id, root.ts).map(whisper);
  const shown = [...found, ...whispers].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  return h(
    "aside",
    { key: "thread", class: "pane thread", "aria-label": "Thread" },
    h(
      "header",
      { class: "pane-head" },
      h("h2", null, "Thread", h("small", null, ` ${titleOf(channel)}`)),
      h("button", { type: "button", class: "quiet", "aria-label": "Close thread", onclick: () => goTo(channel.id) }, icon("close")),
    ),
    h(
      "div",
      { key: root.ts, class: "stream", tabindex: "0", role: "log", "aria-label": "Messages in the thread", mounted: stuck },
      messageView(root, channel.id, true, null),
      h("p", { key: "count", class: "reply-count" }, h("span", null, `${found.length} ${found.length === 1 ? "reply" : "replies"}`)),
      shown.map((message, number) => messageView(message, channel.id, true, shown[number - 1])),
    ),
    composerView({
      key: `composer/${channel.id}/${root.ts}`,
      before: [fileButton(`composer/${channel.id}/${root.ts}`), attachedView(`composer/${channel.id}/${root.ts}`)],
      files: () => takeFiles(`composer/${channel.id}/${root.ts}`),
      label: "Reply in the thread",
      placeholder: "Reply, or // for a note",
      disabled: channel.is_archived,
      send: (text, files) => say(channel, root.ts, text, files),
    }),
  );
}

/** Send the typed text: a message, a reply, or a slash command. */
async function say(channel, thread, text, files) {
  if (!text.startsWith("/") || text.startsWith("//")) {
    const attached = files.map(({ name, data }) => ({ name, data }));
    return taken(await post("reply", { user: place.me, channel: channel.id, thread_ts: thread, text: asSlackText(text), files: attached }));
  }
  const [command, rest] = [text.split(/\s/, 1)[0], text.replace(/^\S+\s*/, "")];
  if (command === "/invite" && /^@?clerk$/i.test(rest.trim())) return (await post("channel", { id: channel.id, user: place.me, joined: true })).id !== undefined;
  if (command !== "/clerk") notify(`${command} is not a valid command here. Try /clerk.`);
  else if (thread) notify("/clerk does not work in threads. Type it in the channel.");
  else return taken(await post("command", { user: place.me, channel: channel.id, text: asSlackText(rest) }));
  return false;
}

/** Close the thread with Esc, if nothing else uses the key. */
export function onEscape(event) {
  if (event.key === "Escape" && !event.defaultPrevented && place.thread && !document.querySelector("dialog[open]")) goTo(place.channel);
}

