/** A modal's fields and their values (https://docs.slack.dev/reference/block-kit/blocks/input-block). */

import { h } from "./dom.js";
import { elementView } from "./elements.js";
import { filesIn, filesView } from "./file_field.js";
import { plain } from "./mrkdwn.js";
import { initialOf, picked, pickerView, sourceOf } from "./picker.js";

const TYPED = { plain_text_input: "text", email_text_input: "email", url_text_input: "url", number_input: "number", datepicker: "date", timepicker: "time" };
const INITIAL = { datepicker: "initial_date", timepicker: "initial_time" };

const idOf = (where, block) => `${where.key}/${block.block_id}/${block.element.action_id}`;

/** A field with its label, hint and error. */
export function inputView(block, where) {
  const id = idOf(where, block);
  const error = where.errors?.[block.block_id];
  const described = [error && `${id}/error`, block.hint && `${id}/hint`].filter(Boolean).join(" ") || null;
  const label = plain(block.label);
  return h(
    "div",
    { class: `field${error ? " wrong" : ""}`, oninput: () => where.changed(block) },
    h("label", { for: id }, label, block.optional && h("small", null, " (optional)")),
    field(block, where, { id, label, described, invalid: Boolean(error) }),
    error && h("p", { key: "error", id: `${id}/error`, class: "error", role: "alert" }, error),
    block.element.timezone && h("p", { key: "zone", class: "hint" }, block.element.timezone),
    block.hint && h("p", { key: "hint", id: `${id}/hint`, class: "hint" }, plain(block.hint)),
  );
}

function field(block, where, { id, label, described, invalid }) {
  const element = block.element;
  if (sourceOf(element)) {
    return pickerView({
      id,
      label,
      describedby: described,
      invalid,
      multiple: element.type.startsWith("multi_"),
      limit: element.max_selected_items,
      options: sourceOf(element)(),
      initial: chosenAtFirst(block, where),
      placeholder: element.placeholder ? plain(element.placeholder) : "Choose…",
      changed: () => where.changed(block),
    });
  }
  if (element.type === "file_input") {
    const initial = where.typed[block.block_id] ?? [];
    return filesView({ id, describedby: described, invalid, element, initial, changed: () => where.changed(block) });
  }
  if (!(element.type in TYPED)) {
    return elementView(element, block, { ...where, chosen: chosenAtFirst(block, where), act: () => where.changed(block) });
  }
  const shared = {
    id,
    key: "field",
    "aria-describedby": described,
    "aria-invalid": invalid ? "true" : null,
    maxlength: element.max_length,
    placeholder: element.placeholder && plain(element.placeholder),
  };
  const initial = where.typed[block.block_id] ?? element[INITIAL[element.type] ?? "initial_value"] ?? "";
  if (element.multiline) return h("textarea", { ...shared, rows: 3 }, initial);
  return h("input", { ...shared, type: TYPED[element.type], value: initial, autocomplete: "off" });
}

/** The choice to show first: what the person chose before the page was reloaded, else the app's initial choice. */
function chosenAtFirst(block, where) {
  const typed = where.typed[block.block_id];
  return typed === undefined ? initialOf(block.element) : [typed].flat();
}

/** The current values of a modal's fields, by block_id. */
export function valuesOf(view, where) {
  const values = {};
  for (const block of view.blocks.filter((each) => each.type === "input")) values[block.block_id] = valueOf(block, where);
  return values;
}

/** The current value of a field. */
export function valueOf(block, where) {
  const element = block.element;
  const id = idOf(where, block);
  if (sourceOf(element)) return element.type.startsWith("multi_") ? picked(id) : (picked(id)[0] ?? "");
  if (element.type === "file_input") return filesIn(id);
  if (element.type in TYPED) return document.getElementById(id).value;
  const checked = [...document.getElementsByName(id)].filter((each) => each.checked).map((each) => each.value);
  return element.type === "checkboxes" ? checked : (checked[0] ?? "");
}
