/** Where the person is on the page, and who they act as: kept in this browser, not in the stand-ins' state. */

import { redraw } from "./redraw.js";

const KEPT = "clerk.sandbox";
const HOME = "#/home";
const kept = read();

export const place = {
  me: kept.me ?? "U0ADA",
  contact: kept.contact ?? "+15557770001",
  line: kept.line ?? null,
  theme: kept.theme ?? "auto",
  zone: kept.zone ?? "America/New_York",
  clock: false,
  strip: kept.strip ?? (window.innerHeight >= 760 && window.innerWidth > 680),
  lane: null,
  tab: "slack",
  channel: null,
  thread: null,
  home: false,
  target: null,
  read: kept.read ?? {},
};

/** Go to another place, or act as another person. */
export function move(changes) {
  Object.assign(place, changes);
  const { me, contact, line, theme, zone, strip, read } = place;
  localStorage.setItem(KEPT, JSON.stringify({ me, contact, line, theme, zone, strip, read }));
  redraw();
}

/** Go to the channel, thread or message that a permalink names. */
export function followHash() {
  if (location.hash === HOME) return move({ home: true, thread: null, target: null, tab: "slack" });
  const found = /^#\/archives\/([A-Z0-9]+)(?:\/p(\d{7,}))?(?:\?(.*))?$/.exec(location.hash);
  if (!found) return;
  const ts = found[2] ? `${found[2].slice(0, -6)}.${found[2].slice(-6)}` : null;
  const root = new URLSearchParams(found[3] ?? "").get("thread_ts");
  move({ channel: found[1], thread: root ?? ts, target: root ? ts : null, home: false, tab: "slack" });
}

export function goTo(channel, thread) {
  const hash = `#/archives/${channel}${thread ? `/p${thread.replace(".", "")}` : ""}`;
  if (location.hash === hash) followHash();
  else location.hash = hash;
}

/** Open the app's Home. */
export function goHome() {
  location.hash = HOME;
}

/** How far this person has read something. */
export function readUntil(what) {
  return place.read[`${place.me}/${what}`] ?? "0";
}

export function markRead(what, mark) {
  if (Number(readUntil(what)) < Number(mark)) move({ read: { ...place.read, [`${place.me}/${what}`]: mark } });
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}
