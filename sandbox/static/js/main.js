/** Starts the page: follows what the stand-ins hold, and draws it. */

import { h, patch } from "./dom.js";
import { loadEmoji } from "./emoji.js";
import { modalsView } from "./modal.js";
import { noticesView } from "./notices.js";
import { phoneView } from "./phone.js";
import { followHash, place } from "./place.js";
import { drawWith, redraw } from "./redraw.js";
import { onEscape, slackView } from "./slack.js";
import { follow, known } from "./store.js";
import { stripView } from "./strip.js";
import { topbarView } from "./topbar.js";

function draw() {
  document.documentElement.dataset.theme = place.theme;
  patch(document.body, [
    topbarView(),
    known() && [h("main", { key: "main", "data-tab": place.tab }, phoneView(), slackView()), stripView(), modalsView()],
    noticesView(),
  ]);
}

drawWith(draw);
window.addEventListener("hashchange", followHash);
window.addEventListener("keydown", onEscape);
document.addEventListener("visibilitychange", redraw);
followHash();
follow();
redraw();
loadEmoji().then(redraw);
