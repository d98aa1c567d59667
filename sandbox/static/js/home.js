/** The app's Home: what it shows the person, who opens it by going there. */

import { post } from "./api.js";
import { blocksView } from "./blocks.js";
import { h } from "./dom.js";
import { place } from "./place.js";
import { redraw } from "./redraw.js";
import { homeOf } from "./store.js";

const busy = new Set();

export function homePane() {
  const view = homeOf(place.me);
  const where = {
    key: `home/${place.me}`,
    heading: "h3",
    act: (element, block, selected) => act(element, block, selected),
    busy: (element, block) => busy.has(`${block.block_id}/${element.action_id}`),
  };
  return h(
    "div",
    { key: `home/${place.me}`, class: "pane channel home", mounted: () => post("home", { user: place.me }) },
    h("header", { class: "pane-head" }, h("h2", null, "Clerk"), h("small", null, "Home")),
    h(
      "div",
      { class: "stream", tabindex: "0", role: "region", "aria-label": "Home of the app" },
      view ? h("div", { key: "blocks", class: "blocks" }, blocksView(view.blocks, where)) : h("p", { key: "empty", class: "empty" }, "Clerk has shown nothing here yet."),
    ),
  );
}

/** Send a click as a webhook: several blocks may have elements with the same action. */
async function act(element, block, selected) {
  const mark = `${block.block_id}/${element.action_id}`;
  busy.add(mark);
  redraw();
  await post("click", { user: place.me, home: true, block_id: block.block_id, action_id: element.action_id, selected });
  busy.delete(mark);
  redraw();
}
