/** Starts the page: follows the stand-ins' state and draws it. */

import { h, patch } from "./dom.js";
import { clockView } from "./clock.js";
import { loadEmoji } from "./emoji.js";
import { modalsView } from "./modal.js";
import { noticesView } from "./notices.js";
import { phoneView } from "./phone.js";
import { followHash, place } from "./place.js";
import { drawWith, redraw } from "./redraw.js";
import { onEscape, slackView } from "./slack.js";
import { follow, known } from "./store.js";
import { machineryView } from "./machinery.js";
import { topbarView } from "./topbar.js";

/** The machinery has an element of its own: it changes as time passes, and the rest does not. */
const below = document.createElement("div");

function draw() {
  document.documentElement.dataset.theme = place.theme;
  patch(document.body, [
    topbarView(),
    known() && clockView(),
    known() && [h("main", { key: "main", "data-tab": place.tab }, phoneView(), slackView()), modalsView()],
    h("div", { key: "below", class: "below", own: true, mounted: (node) => node.append(below) }),
    noticesView(),
  ]);
  drawMachinery();
}

function drawMachinery() {
  if (known()) patch(below, [machineryView()]);
}

drawWith(draw, drawMachinery);
window.addEventListener("hashchange", followHash);
window.addEventListener("keydown", onEscape);
document.addEventListener("visibilitychange", redraw);
followHash();
follow();
redraw();
loadEmoji().then(redraw);
