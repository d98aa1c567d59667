/** Rich text: what people typed, as Slack stores it (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block). */

import { h } from "./dom.js";
import { emojiNamed, withEmoji } from "./emoji.js";
import { anchor, mrkdwn } from "./mrkdwn.js";

const LISTS = { rich_text_section: "div", rich_text_quote: "blockquote", rich_text_preformatted: "pre" };

export function richText(block) {
  return block.elements.map((part) => {
    if (part.type === "rich_text_list") return h(part.style === "ordered" ? "ol" : "ul", null, part.elements.map((each) => h("li", null, each.elements.map(piece))));
    return h(LISTS[part.type] ?? "div", { class: "rich" }, part.elements.map(piece));
  });
}

function piece(each) {
  switch (each.type) {
    case "text":
      return styled(withEmoji(each.text), each.style);
    case "link":
      return anchor(each.url, each.text ?? each.url);
    case "emoji":
      return emojiNamed(each.name);
    case "user":
      return mrkdwn(`<@${each.user_id}>`);
    case "channel":
      return mrkdwn(`<#${each.channel_id}>`);
    case "broadcast":
      return mrkdwn(`<!${each.range}>`);
    default:
      return `[${each.type}]`;
  }
}

function styled(text, style = {}) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style[name] ? h(tag, null, inner) : inner), text);
}
