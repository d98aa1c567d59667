/** A menu to search by typing and to use with arrow keys: one value, or several as chips. A WAI-ARIA combobox.
 *
 * https://www.w3.org/WAI/ARIA/apg/patterns/combobox/
 */

import { h, icon } from "./dom.js";
import { plain, nameOf } from "./mrkdwn.js";
import { all, channelsFor } from "./store.js";
import { place } from "./place.js";
import { redraw } from "./redraw.js";

const states = new Map();

/** The values picked now. */
export function picked(id) {
  return states.get(id)?.values ?? [];
}

/** Forget the pickers of a closed modal. */
export function forgetPickers(prefix) {
  for (const id of states.keys()) if (id.startsWith(prefix)) states.delete(id);
}

/** The source of an element's options; undefined if the element is not a menu. */
export function sourceOf(element) {
  return {
    static_select: () => staticOptions(element),
    multi_static_select: () => staticOptions(element),
    users_select: people,
    multi_users_select: people,
    conversations_select: () => conversations(element.filter),
    multi_conversations_select: () => conversations(element.filter),
    channels_select: () => conversations({ include: ["public"] }),
    multi_channels_select: () => conversations({ include: ["public"] }),
  }[element.type];
}

/** The values that an element shows as picked at first. */
export function initialOf(element) {
  const one = element.initial_option?.value ?? element.initial_user ?? element.initial_conversation ?? element.initial_channel;
  const many = element.initial_options?.map((each) => each.value) ?? element.initial_users ?? element.initial_conversations ?? element.initial_channels;
  return many ?? (one === undefined ? [] : [one]);
}

function staticOptions(element) {
  const options = element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
  return options.map((each) => ({ value: each.value, label: plain(each.text), detail: each.description && plain(each.description) }));
}

function people() {
  return all("person").filter((each) => !each.deactivated).map((each) => ({ value: each.id, label: `@${nameOf(each.id)}`, detail: each.real_name }));
}

function conversations(filter) {
  const kinds = filter?.include ?? ["im", "mpim", "private", "public"];
  const channels = channelsFor(place.me).filter((each) => !each.is_im && !each.is_archived && kinds.includes(each.is_private ? "private" : "public"));
  return [
    ...channels.map((each) => ({ value: each.id, label: `#${each.name}`, detail: each.is_private ? "private" : undefined })),
    ...(kinds.includes("im") ? people() : []),
  ];
}

function stateOf({ id, initial }) {
  const shown = JSON.stringify(initial);
  const found = states.get(id);
  if (found && (found.shown === shown || found.touched)) return found;
  const state = { ...found, values: [...initial], shown, open: false, typed: "", active: 0 };
  states.set(id, state);
  return state;
}

/** `options` are {value, label, detail}; `changed` gets the values after each pick. */
export function pickerView(picker) {
  const { id, label, options, multiple, placeholder, describedby, invalid, limit } = picker;
  const state = stateOf(picker);
  const labels = new Map(options.map((each) => [each.value, each.label]));
  const typed = state.typed.toLowerCase();
  const offered = options.filter((each) => each.label.toLowerCase().includes(typed) && !(multiple && state.values.includes(each.value)));
  const full = multiple && limit && state.values.length >= limit;
  const active = offered[Math.min(state.active, offered.length - 1)];
  const list = `${id}/list`;
  const to = (changes) => {
    Object.assign(state, changes);
    redraw();
  };
  const pick = (value) => {
    const values = multiple ? [...state.values, value] : [value];
    to({ values, touched: true, open: multiple && !full, typed: "", active: 0 });
    picker.changed?.(values);
  };
  const drop = (value) => {
    to({ values: state.values.filter((each) => each !== value), touched: true });
    picker.changed?.(state.values);
  };
  const single = !multiple && labels.get(state.values[0]);
  return h(
    "div",
    { key: id, class: `picker${multiple ? " many" : ""}`, onfocusout: (event) => event.currentTarget.contains(event.relatedTarget) || to({ open: false, typed: "" }) },
    h(
      "div",
      { class: "picker-box", onpointerdown: (event) => event.target === event.currentTarget && (event.preventDefault(), event.currentTarget.querySelector("input").focus()) },
      multiple && state.values.map((value) => chip(value, labels.get(value) ?? value, drop)),
      h("input", {
        id,
        key: "input",
        role: "combobox",
        autocomplete: "off",
        spellcheck: "false",
        "aria-label": label,
        "aria-expanded": String(state.open),
        "aria-controls": list,
        "aria-autocomplete": "list",
        "aria-activedescendant": state.open && active ? `${list}/${active.value}` : null,
        "aria-describedby": describedby,
        "aria-invalid": invalid ? "true" : null,
        placeholder: multiple && state.values.length ? "" : (single || placeholder),
        ".value": state.open ? state.typed : (single || ""),
        oninput: (event) => to({ typed: event.target.value, open: true, active: 0 }),
        onclick: () => to({ open: !state.open || state.typed !== "", active: Math.max(0, offered.findIndex((each) => each.value === state.values[0])) }),
        onkeydown: (event) => key(event, { state, offered, active, pick, drop, to, multiple }),
      }),
      h("span", { key: "arrow", class: "arrow" }, icon("down")),
    ),
    h(
      "ul",
      { key: "list", id: list, role: "listbox", "aria-label": label, hidden: !state.open },
      state.open && offered.map((each) => option(each, `${list}/${each.value}`, each === active, state.values.includes(each.value), pick)),
      state.open && !offered.length && h("li", { key: "none", class: "none", role: "presentation" }, "No matches"),
    ),
  );
}

function option({ value, label, detail }, id, active, selected, pick) {
  return h(
    "li",
    {
      key: id,
      id,
      role: "option",
      "aria-selected": String(selected),
      class: active ? "active" : null,
      onpointerdown: (event) => event.preventDefault(),
      onclick: () => pick(value),
      mounted: (node) => active && node.scrollIntoView({ block: "nearest" }),
    },
    h("span", null, label),
    detail && h("small", null, detail),
  );
}

function chip(value, label, drop) {
  const remove = h("button", { type: "button", "aria-label": `Remove ${label}`, onclick: () => drop(value) }, icon("close"));
  return h("span", { key: `chip/${value}`, class: "chip" }, label, remove);
}

function key(event, { state, offered, active, pick, drop, to, multiple }) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const count = Math.max(1, offered.length);
    to(state.open ? { active: (Math.min(state.active, count - 1) + step + count) % count } : { open: true });
    document.getElementById(event.target.getAttribute("aria-activedescendant"))?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (state.open && active) pick(active.value);
    else to({ open: true });
  } else if (event.key === "Escape" && state.open) {
    event.preventDefault();
    event.stopPropagation();
    to({ open: false, typed: "" });
  } else if (event.key === "Backspace" && multiple && !event.target.value && state.values.length) {
    drop(state.values.at(-1));
  }
}
