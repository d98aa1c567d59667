/** A field that takes files (https://docs.slack.dev/reference/block-kit/block-elements/file-input-element).
 *
 * The page uploads each file as soon as it is chosen, as Slack's client does; the field holds its {id, name}.
 */

import { post } from "./api.js";
import { loaded } from "./attachments.js";
import { h, icon } from "./dom.js";
import { place } from "./place.js";
import { redraw } from "./redraw.js";

const MOST = 10;

const chosen = new Map();

/** The files in a field. */
export const filesIn = (id) => chosen.get(id) ?? [];

/** Forget the files in the fields of a closed modal. */
export function forgetFiles(prefix) {
  for (const id of chosen.keys()) if (id.startsWith(prefix)) chosen.delete(id);
}

export function filesView({ id, describedby, invalid, element, initial, changed }) {
  if (!chosen.has(id)) chosen.set(id, initial);
  const files = filesIn(id);
  const most = element.max_files ?? MOST;
  const to = (now) => {
    chosen.set(id, now);
    changed();
    redraw();
  };
  return h(
    "div",
    { key: "files", class: "files" },
    files.length > 0 &&
      h(
        "ul",
        { key: "chosen", class: "attached" },
        files.map((file) => h("li", { key: file.id }, file.name, h("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => to(files.filter((each) => each !== file)) }, icon("close")))),
      ),
    h("input", {
      key: "input",
      id,
      type: "file",
      multiple: most > 1,
      accept: element.filetypes?.map((each) => `.${each}`).join(","),
      disabled: files.length >= most,
      "aria-describedby": describedby,
      "aria-invalid": invalid ? "true" : null,
      onchange: async (event) => {
        const input = event.target;
        const uploaded = await Promise.all([...input.files].slice(0, most - files.length).map(upload));
        input.value = "";
        to([...filesIn(id), ...uploaded.filter((each) => each.id)]);
      },
    }),
  );
}

async function upload(file) {
  const { name, data } = await loaded(file);
  return post("upload", { user: place.me, name, data });
}
