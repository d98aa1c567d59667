/** The stand-ins' state, kept up to date by server-sent events; the page shows nothing else. */

import { redraw } from "./redraw.js";

export const objects = new Map();
export const link = { live: false };

let groups = new Map();

/** Follow /sandbox/events; the browser reconnects by itself, and then gets the whole state again. */
export function follow() {
  const source = new EventSource("/sandbox/events");
  source.addEventListener("all", (event) => {
    objects.clear();
    link.live = true;
    take(event);
  });
  source.addEventListener("change", take);
  source.addEventListener("error", () => {
    link.live = false;
    redraw();
  });
}

function take(event) {
  const delta = JSON.parse(event.data);
  for (const [key, value] of Object.entries(delta.set)) objects.set(key, value);
  for (const key of delta.gone) objects.delete(key);
  groups = new Map();
  watchers.forEach((look) => look());
  redraw();
}

const watchers = new Set();

/** Wait until `look` finds something in the state, and return it; undefined after `within` milliseconds. */
export async function found(look, within) {
  let watch;
  const coming = new Promise((done) => {
    watch = () => look() && done(look());
    watchers.add(watch);
    setTimeout(done, within);
    watch();
  });
  return coming.finally(() => watchers.delete(watch));
}

/** The objects of a kind, in the order of their arrival. */
export function all(kind) {
  if (!groups.size) for (const [key, value] of objects) add(key.slice(0, key.lastIndexOf("/")), value);
  return groups.get(kind) ?? [];
}

function add(kind, value) {
  if (groups.has(kind)) groups.get(kind).push(value);
  else groups.set(kind, [value]);
}

/** Cache a function of the state until the state changes. */
export function derived(make) {
  let from;
  let found;
  return () => {
    if (from !== groups) [from, found] = [groups, make()];
    return found;
  };
}

export const get = (key) => objects.get(key);
export const world = () => objects.get("world") ?? { lines: {}, bot: "", machinery: false };
/** Whether the page has the state. */
export const known = () => objects.has("world");
export const machinery = () => objects.get("machinery");
export const channelOf = (id) => objects.get(`channel/${id}`);
export const homeOf = (person) => objects.get(`home/${person}`);
export const personOf = (id) => objects.get(`person/${id}`);
export const messageAt = (channel, ts) => objects.get(`message/${channel}/${ts}`);

const byTs = (one, other) => (one.ts < other.ts ? -1 : 1);

/** A channel's messages without the replies in threads, oldest first. */
export function rootMessages(channel) {
  return all(`message/${channel}`).filter((each) => !isReply(each) || each.subtype === "thread_broadcast").sort(byTs);
}

/** A thread's replies, oldest first. */
export function replies(channel, root) {
  return all(`message/${channel}`).filter((each) => each.thread_ts === root && each.ts !== root).sort(byTs);
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

/** The channels that a person sees: those they are a member of, and their own direct message. */
export function channelsFor(person) {
  return all("channel").filter((each) => (each.is_im ? each.user === person : each.members.includes(person)));
}

/** What only this person sees in a place. */
export function ephemeralsFor(person, channel, root) {
  return all("ephemeral").filter(
    (each) => each.user === person && each.channel === channel && (each.thread_ts || null) === (root ?? null),
  );
}

/** The texts between a line and a contact, oldest first. */
export function textsBetween(line, contact) {
  return all("text").filter(
    (each) => (each.from === contact && each.to === line) || (each.from === line && each.to === contact),
  );
}
