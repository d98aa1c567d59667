/** When to draw: at most once a frame, whoever asks. */

let all = () => {};
let moving = () => {};
let waiting = false;

/** Say how the page is drawn, and how the part of it that moves with the time is. */
export function drawWith(everything, whatMoves) {
  all = everything;
  moving = whatMoves;
}

/** Have the page drawn soon. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  // A hidden tab has no frames, and nobody looks: it is drawn when it shows again.
  requestAnimationFrame(() => {
    waiting = false;
    all();
  });
}

let ticking = false;

/** Have what moves with the time drawn again after a while. */
export function tickIn(milliseconds) {
  if (ticking) return;
  ticking = true;
  setTimeout(() => {
    ticking = false;
    moving();
  }, milliseconds);
}
