/** The conversation that a webhook, a call or a queue message belongs to: "line:contact", as in Clerk's own ids. */

import { all, messageAt, objects, world } from "./store.js";

const ID = /^(\+\d+):(\+\d+)/;

/** The conversation of a recorded entry; null if it has none. */
export function conversationOf(entry) {
  const ids = entry.ids ?? {};
  return named(ids.id) ?? ofText(ids.sid) ?? ofMessage(ids.channel, ids.thread_ts ?? ids.ts) ?? ofView(ids.view) ?? ofCause(entry.cause);
}

function named(id) {
  return ID.exec(id ?? "")?.[0] ?? null;
}

function ofText(sid) {
  const text = sid && objects.get(`text/${sid}`);
  if (!text) return null;
  return text.from in world().lines ? `${text.from}:${text.to}` : `${text.to}:${text.from}`;
}

function ofMessage(channel, ts) {
  const message = channel && ts && messageAt(channel, ts);
  if (!message) return null;
  const root = message.thread_ts && message.thread_ts !== ts ? messageAt(channel, message.thread_ts) : null;
  return named((root ?? message).metadata?.event_payload?.id);
}

function ofView(id) {
  const opened = id && all("entry").find((entry) => entry.ids?.view === id && entry.cause);
  return opened ? ofCause(opened.cause) : null;
}

function ofCause(number) {
  const cause = number && objects.get(`entry/${number}`);
  return cause ? conversationOf(cause) : null;
}
