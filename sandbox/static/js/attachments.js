/** Files that will be sent with the next message, by composer. */

import { h, icon } from "./dom.js";
import { redraw } from "./redraw.js";

const waiting = new Map();

/** A button that picks files. */
export function fileButton(key, accept) {
  return h(
    "label",
    { key: "attach", class: "quiet attach", title: "Attach a file" },
    icon("clip"),
    h("input", {
      type: "file",
      accept,
      multiple: true,
      class: "unseen",
      "aria-label": "Attach a file",
      onchange: async (event) => {
        const input = event.target;
        const files = await Promise.all([...input.files].map(loaded));
        input.value = "";
        waiting.set(key, [...(waiting.get(key) ?? []), ...files]);
        redraw();
      },
    }),
  );
}

/** The attached files, each with a button to remove it. */
export function attachedView(key) {
  const files = waiting.get(key) ?? [];
  if (!files.length) return null;
  const drop = (file) => {
    waiting.set(key, files.filter((each) => each !== file));
    redraw();
  };
  return h(
    "ul",
    { key: "attached", class: "attached" },
    files.map((file) =>
      h(
        "li",
        { key: file.id },
        file.type.startsWith("image/") ? h("img", { src: file.url, alt: file.name }) : file.name,
        h("button", { type: "button", "aria-label": `Remove ${file.name}`, onclick: () => drop(file) }, icon("close")),
      ),
    ),
  );
}

/** Return the attached files and detach them. */
export function takeFiles(key) {
  const files = waiting.get(key) ?? [];
  waiting.delete(key);
  return files;
}

/** A file with its content, in base64. */
export async function loaded(file) {
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
  return { id: crypto.randomUUID(), name: file.name, type: file.type || "application/octet-stream", url, data: url.slice(url.indexOf(",") + 1) };
}
