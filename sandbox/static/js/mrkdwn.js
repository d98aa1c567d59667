/** Slack's text objects as elements; nothing in them is parsed as HTML.
 *
 * https://docs.slack.dev/messaging/formatting-message-text
 */

import { h } from "./dom.js";
import { emojiNamed, withEmoji } from "./emoji.js";
import { goTo } from "./place.js";
import { channelOf, personOf } from "./store.js";
import { dated, iso } from "./times.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** Replace Slack's three entities by their characters. */
export function decoded(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/** A text object. */
export function textView(object) {
  if (!object) return null;
  return object.type === "mrkdwn" ? mrkdwn(object.text, object.verbatim) : plain(object);
}

/** plain_text as a string; its markup has no effect. */
export function plain(object) {
  const text = object.emoji === false ? object.text : withEmoji(object.text);
  return decoded(text);
}

/** mrkdwn as elements; `verbatim` leaves bare addresses alone. */
export function mrkdwn(text, verbatim = false) {
  return blocks(text ?? "", verbatim);
}

function blocks(text, verbatim) {
  const parts = text.split(/```\n?([\s\S]*?)\n?```/);
  return parts.map((part, number) => {
    if (number % 2) return h("pre", null, literal(part));
    return quotes(part, verbatim);
  });
}

function quotes(text, verbatim) {
  const found = [];
  let run = [];
  let quoted = false;
  const flush = () => {
    if (run.length) found.push(quoted ? h("blockquote", null, lines(run, verbatim)) : lines(run, verbatim));
    run = [];
  };
  for (const line of text.split("\n")) {
    const quote = /^&gt; ?/.exec(line);
    if (Boolean(quote) !== quoted) {
      flush();
      quoted = Boolean(quote);
    }
    run.push(quote ? line.slice(quote[0].length) : line);
  }
  flush();
  return found;
}

function lines(found, verbatim) {
  return found.map((line, number) => [number > 0 && h("br"), inline(line, verbatim)]);
}

const TOKEN = /`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+'-]+):/gi;
const STYLES = [
  ["*", "strong"],
  ["_", "em"],
  ["~", "s"],
];

/** Code, angle brackets and emoji come first, as nothing in them is styled; then bold, italic and strike. */
function inline(text, verbatim) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(from, match.index));
    if (match[1] !== undefined) parts.push(h("code", null, literal(match[1])));
    else if (match[2] !== undefined) parts.push(bracketed(match[2]));
    else parts.push(emojiNamed(match[3].toLowerCase()));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return styled(parts, 0, verbatim);
}

function styled(parts, level, verbatim) {
  if (level === STYLES.length) return parts.map((part) => (typeof part === "string" ? words(part, verbatim) : part));
  const [mark, tag] = STYLES[level];
  // One private-use character replaces each element while marks are paired over the whole line.
  const kept = [];
  const line = parts.map((part) => (typeof part === "string" ? part : String.fromCodePoint(0xf0000 + kept.push(part) - 1))).join("");
  const back = (piece) =>
    piece
      .split(/([\u{f0000}-\u{ffffd}])/u)
      .filter((each) => each !== "")
      .map((each) => (each.codePointAt(0) >= 0xf0000 && each.codePointAt(0) <= 0xffffd ? kept[each.codePointAt(0) - 0xf0000] : each));
  const escaped = mark === "*" ? "\\*" : mark;
  const pair = new RegExp(`(?<![\\p{L}\\p{N}${escaped}])${escaped}(?!\\s)([^${escaped}]+?)(?<!\\s)${escaped}(?![\\p{L}\\p{N}])`, "gu");
  const found = [];
  let from = 0;
  for (const match of line.matchAll(pair)) {
    found.push(styled(back(line.slice(from, match.index)), level + 1, verbatim));
    found.push(h(tag, null, styled(back(match[1]), level + 1, verbatim)));
    from = match.index + match[0].length;
  }
  found.push(styled(back(line.slice(from)), level + 1, verbatim));
  return found;
}

/** Plain words; bare addresses become links unless the text is verbatim. */
function words(text, verbatim) {
  if (verbatim) return decoded(text);
  return text.split(/(https?:\/\/[^\s<>]+[^\s<>.,;:!?)])/).map((part, number) => (number % 2 ? anchor(decoded(part), decoded(part)) : decoded(part)));
}

/** Code has no emoji and no styling; angle brackets show as text, as in Slack. */
function literal(text) {
  return decoded(text.replace(/<(?:[^<>|]+\|)?([^<>]+)>/g, "$1"));
}

function bracketed(inside) {
  const [target, label] = split(inside);
  if (target.startsWith("@")) return userMention(target.slice(1));
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  if (/^(https?:|mailto:)/.test(target)) return anchor(decoded(target), decoded(label ?? target));
  return decoded(`<${inside}>`);
}

function split(inside) {
  const at = inside.indexOf("|");
  return at < 0 ? [inside, undefined] : [inside.slice(0, at), inside.slice(at + 1)];
}

function userMention(id) {
  return h("span", { class: "mention" }, `@${nameOf(id)}`);
}

function channelMention(id, label) {
  const channel = channelOf(id);
  const name = channel?.name ?? label ?? "unknown-channel";
  if (!channel) return h("span", { class: "mention" }, `#${name}`);
  return h("button", { class: "mention", type: "button", onclick: () => goTo(id) }, `#${name}`);
}

function special(command, label) {
  const [name, seconds, format, link] = command.split("^");
  if (name === "date") {
    const shown = dated(Number(seconds), format ?? "");
    return h("time", { datetime: iso(seconds), title: label }, link ? anchor(decoded(link), shown) : shown);
  }
  const shown = name.startsWith("subteam") ? (label ?? "@group") : `@${name}`;
  return h("span", { class: "mention loud" }, shown);
}

const OTHERS = { U0CLERK: "Clerk", USLACKBOT: "Slackbot", U0OTHERBOT: "Other app" };

/** The name that others see for a member of the workspace. */
export function nameOf(id) {
  const person = personOf(id);
  return person?.shown ?? OTHERS[id] ?? id;
}

/** A link; a link to this page stays on it. */
export function anchor(address, shown) {
  const own = ownHash(address);
  if (own) return h("a", { href: own }, shown);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, shown);
}

/** The hash of an address on this page; null for other addresses. */
export function ownHash(address) {
  const url = new URL(address, location.href);
  return url.origin === location.origin && url.pathname.replace(/\/$/, "") === "/sandbox" && url.hash ? url.hash : null;
}
