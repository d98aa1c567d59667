/** A button that opens a short menu (https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/). */

import { h, icon } from "./dom.js";
import { redraw } from "./redraw.js";

let open = null;

/** `items` are {label, act, danger}. */
export function menuButton({ key, label, items, picture = "dots" }) {
  const is = open === key;
  const to = (value) => {
    open = value;
    redraw();
  };
  return h(
    "div",
    {
      key,
      class: "menu",
      onfocusout: (event) => is && !event.currentTarget.contains(event.relatedTarget) && to(null),
      onkeydown: (event) => is && keys(event, () => to(null)),
    },
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": String(is), onclick: () => to(is ? null : key) },
      icon(picture),
    ),
    is &&
      h(
        "ul",
        { key: "items", role: "menu", "aria-label": label },
        items.map((each, number) =>
          h(
            "li",
            { key: number, role: "presentation" },
            h(
              "button",
              {
                type: "button",
                role: "menuitem",
                class: each.danger ? "danger" : null,
                mounted: (node) => number === 0 && node.focus(),
                onclick: () => {
                  to(null);
                  each.act();
                },
              },
              each.label,
            ),
          ),
        ),
      ),
  );
}

function keys(event, close) {
  const items = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    items[(at + step + items.length) % items.length].focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    event.currentTarget.querySelector("[aria-haspopup]").focus();
    close();
  }
}
