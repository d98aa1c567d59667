/** Block Kit blocks as elements (https://docs.slack.dev/reference/block-kit/blocks). */

import { h } from "./dom.js";
import { elementView } from "./elements.js";
import { inputView } from "./modal_fields.js";
import { mrkdwn, plain, textView } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

/** Blocks in order. `where` is the message or modal that they belong to; `where.heading` the level below what they are in. */
export function blocksView(blocks, where) {
  return blocks.map((block, number) => h("div", { key: block.block_id ?? `block/${number}`, class: `block ${block.type}` }, blockView(block, where)));
}

function blockView(block, where) {
  switch (block.type) {
    case "header":
      return h(where.heading ?? "h4", null, plain(block.text));
    case "section":
      return section(block, where);
    case "context":
      return block.elements.map((each) => (each.type === "image" ? picture(each, "thumb") : h("span", null, textView(each))));
    case "actions":
      return block.elements.map((each) => elementView(each, block, where));
    case "divider":
      return h("hr");
    case "image":
      return [block.title && h("p", { class: "caption" }, plain(block.title)), picture(block, "picture")];
    case "input":
      return inputView(block, where);
    case "rich_text":
      return richText(block);
    case "markdown":
      return h("p", null, mrkdwn(block.text));
    default:
      return h("p", { class: "unknown" }, `This page can't show a ${block.type} block.`);
  }
}

function section(block, where) {
  return [
    h(
      "div",
      { class: "section-body" },
      block.text && h("div", { class: "section-text" }, textView(block.text)),
      block.fields?.length && h("div", { class: "fields" }, block.fields.map((each) => h("div", null, textView(each)))),
    ),
    block.accessory && h("div", { class: "accessory" }, block.accessory.type === "image" ? picture(block.accessory, "thumb large") : elementView(block.accessory, block, where)),
  ];
}

/** A picture from this host. One from another host is only named: this page loads nothing from elsewhere. */
function picture(image, kind) {
  const address = image.image_url ?? (image.slack_file?.id && `/sandbox/slack/client/${image.slack_file.id}`);
  const url = address && new URL(address, location.href);
  if (url?.origin !== location.origin) return h("span", { class: "elsewhere", title: image.image_url }, `[picture: ${image.alt_text}]`);
  return h("img", { class: kind, src: url.pathname + url.search, alt: image.alt_text, loading: "lazy" });
}
