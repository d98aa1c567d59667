/** Buttons and menus that act at once. `where` is {key, act(element, block, value), busy(element, block), chosen}. */

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { menuButton } from "./menu.js";
import { initialOf, pickerView, sourceOf } from "./picker.js";

export function elementView(element, block, where) {
  const key = `${where.key}/${block.block_id}/${element.action_id}`;
  switch (element.type) {
    case "button":
      return button(element, block, where, key);
    case "overflow":
      return menuButton({
        key,
        label: "More actions",
        items: element.options.map((each) => ({ label: plain(each.text), act: () => where.act(element, block, each.value) })),
      });
    case "radio_buttons":
    case "checkboxes":
      return choices(element, block, where, key);
    default:
      if (sourceOf(element)) return menu(element, block, where, key);
      return h("span", { class: "unknown" }, `This page can't show a ${element.type}.`);
  }
}

function button(element, block, where, key) {
  const busy = where.busy?.(element, block);
  return h(
    "button",
    {
      key,
      type: "button",
      class: `button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      "aria-busy": busy ? "true" : null,
      title: element.url ? `Opens ${element.url}` : null,
      onclick: () => {
        if (!element.confirm || confirm(plain(element.confirm.text))) where.act(element, block);
      },
    },
    plain(element.text),
  );
}

function menu(element, block, where, key) {
  const multiple = element.type.startsWith("multi_");
  return pickerView({
    id: key,
    label: plain(element.placeholder ?? { text: "Choose" }),
    placeholder: plain(element.placeholder ?? { text: "Choose…" }),
    multiple,
    options: sourceOf(element)(),
    initial: initialOf(element),
    changed: (values) => where.act(element, block, multiple ? values : values[0]),
  });
}

function choices(element, block, where, key) {
  const type = element.type === "checkboxes" ? "checkbox" : "radio";
  const initial = where.chosen ?? initialOf(element);
  return h(
    "fieldset",
    { key, class: "choices" },
    element.options.map((each) =>
      h(
        "label",
        null,
        h("input", {
          type,
          name: key,
          value: each.value,
          checked: initial.includes(each.value),
          onchange: (event) => {
            const chosen = [...event.target.closest("fieldset").querySelectorAll("input:checked")].map((box) => box.value);
            where.act(element, block, type === "radio" ? chosen[0] : chosen);
          },
        }),
        plain(each.text),
      ),
    ),
  );
}
