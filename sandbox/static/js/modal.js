/** Modals: native dialogs, which keep the focus inside and close with Esc. */

import { post, send } from "./api.js";
import { blocksView } from "./blocks.js";
import { h, icon } from "./dom.js";
import { draft, forget, keep } from "./drafts.js";
import { forgetFiles } from "./file_field.js";
import { valueOf, valuesOf } from "./modal_fields.js";
import { plain } from "./mrkdwn.js";
import { notify } from "./notices.js";
import { forgetPickers } from "./picker.js";
import { place } from "./place.js";
import { redraw } from "./redraw.js";
import { all } from "./store.js";

const complaints = new Map();
const corrected = new Map();
const busy = new Set();

/** The person's open modals; the last is on top. */
export function modalsView() {
  return all("view").filter((each) => each.user === place.me).map(modal);
}

function modal(view) {
  const where = {
    key: view.id,
    errors: errorsOf(view),
    typed: draft(view.id) ?? {},
    changed: (block) => {
      keep(view.id, { ...draft(view.id), [block.block_id]: valueOf(block, where) });
      correct(view, block.block_id);
    },
    act: (element, block, selected) =>
      post("click", { user: place.me, view_id: view.id, action_id: element.action_id, selected, values: valuesOf(view, where) }),
  };
  const close = () => post("close", { user: place.me, view_id: view.id });
  const saving = busy.has(view.id);
  return h(
    "dialog",
    {
      key: view.id,
      class: "modal",
      "aria-labelledby": `${view.id}/title`,
      mounted: open,
      removed: (node) => {
        node.close();
        complaints.delete(view.id);
        corrected.delete(view.id);
        forget(view.id);
        forgetPickers(`${view.id}/`);
        forgetFiles(`${view.id}/`);
      },
      oncancel: (event) => {
        event.preventDefault();
        close();
      },
    },
    h(
      "form",
      {
        method: "dialog",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          submit(view, where);
        },
      },
      h("header", null, h("h3", { id: `${view.id}/title` }, plain(view.title)), h("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close }, icon("close"))),
      h("div", { class: "modal-body", tabindex: "-1" }, blocksView(view.blocks, where)),
      h(
        "footer",
        null,
        h("button", { type: "button", class: "button", onclick: close }, view.close ? plain(view.close) : view.submit ? "Cancel" : "Close"),
        view.submit && h("button", { type: "submit", class: "button primary", "aria-busy": saving ? "true" : null, disabled: saving }, plain(view.submit)),
      ),
    ),
  );
}

function open(dialog) {
  dialog.showModal();
  dialog.querySelector(".modal-body input, .modal-body textarea")?.focus({ preventScroll: true });
}

/** The errors of the app and of Slack's client, by block_id, without those that the person has corrected. */
function errorsOf(view) {
  const all = { ...view.errors, ...complaints.get(view.id) };
  return Object.fromEntries(Object.entries(all).filter(([block]) => !corrected.get(view.id)?.has(block)));
}

function correct(view, block) {
  if (!(block in errorsOf(view))) return;
  corrected.set(view.id, new Set([...(corrected.get(view.id) ?? []), block]));
  redraw();
}

async function submit(view, where) {
  busy.add(view.id);
  redraw();
  const answer = await send("POST", "submit", { user: place.me, view_id: view.id, values: valuesOf(view, where) });
  busy.delete(view.id);
  corrected.delete(view.id);
  const found = complaintsOf(answer);
  complaints.set(view.id, found);
  if (answer.status !== 200 && !found) notify("We had some trouble connecting. Try again?");
  redraw();
  focusWrong(view, found ?? response(answer).errors ?? {});
}

/** The errors for which Slack's client did not send the form. */
function complaintsOf({ status, body }) {
  return status === 409 && body.startsWith("{") ? JSON.parse(body) : null;
}

function response({ status, body }) {
  return status === 200 && body ? JSON.parse(body) : {};
}

function focusWrong(view, found) {
  const first = view.blocks.find((each) => each.block_id in found);
  if (first) document.getElementById(`${view.id}/${first.block_id}/${first.element.action_id}`)?.focus();
}
