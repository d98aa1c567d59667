/** Times in words, by the clock of the sandbox. */

import { get } from "./store.js";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const EXACT = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const LONG = new Intl.DateTimeFormat(undefined, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
const MEDIUM = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric" });
const SHORT = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });

const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** The time in the sandbox, in seconds. */
export const now = () => Date.now() / 1000 + (get("clock")?.ahead ?? 0);

const at = (seconds) => new Date(Number(seconds) * 1000);

export const time = (seconds) => TIME.format(at(seconds));
export const exactTime = (seconds) => EXACT.format(at(seconds));
export const iso = (seconds) => at(seconds).toISOString();

/** A day in words: Today, Yesterday, Tomorrow, or the date. */
export function day(seconds, format = LONG) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(at(now())) - midnight(at(seconds))) / 86_400_000);
  return { 0: "Today", 1: "Yesterday", [-1]: "Tomorrow" }[days] ?? format.format(at(seconds));
}

/** Seconds as m:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How long ago a time was, or how long it takes until then, in words. */
function ago(seconds) {
  const ahead = seconds - now();
  const [unit, per] = [["day", 86_400], ["hour", 3600], ["minute", 60]].find(([, each]) => Math.abs(ahead) >= each) ?? ["second", 1];
  return RELATIVE.format(Math.trunc(ahead / per), unit);
}

/** Slack's date tokens (https://docs.slack.dev/messaging/formatting-message-text#date-formatting). */
export function dated(seconds, format) {
  const tokens = {
    date_num: () => at(seconds).toISOString().slice(0, 10),
    date: () => MEDIUM.format(at(seconds)),
    date_slash: () => at(seconds).toLocaleDateString(),
    date_short: () => SHORT.format(at(seconds)),
    date_long: () => LONG.format(at(seconds)),
    date_pretty: () => day(seconds, MEDIUM),
    date_short_pretty: () => day(seconds, SHORT),
    date_long_pretty: () => day(seconds, LONG),
    time: () => time(seconds),
    time_secs: () => exactTime(seconds),
    ago: () => ago(seconds),
  };
  return format.replace(/\{([a-z_]+)\}/g, (token, name) => tokens[name]?.() ?? token);
}
