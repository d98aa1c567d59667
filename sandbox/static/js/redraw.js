/** When to draw: once a frame at most. */

let all = () => {};
let moving = () => {};
let waiting = false;

/** Set how to draw the page, and how to draw the part that changes as time passes. */
export function drawWith(everything, whatMoves) {
  all = everything;
  moving = whatMoves;
}

/** Draw the page in the next frame. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  // A hidden tab has no frames; it is drawn when it shows again.
  requestAnimationFrame(() => {
    waiting = false;
    all();
  });
}

let ticking = false;

/** Draw the part that changes as time passes again, after some milliseconds. */
export function tickIn(milliseconds) {
  if (ticking) return;
  ticking = true;
  setTimeout(() => {
    ticking = false;
    moving();
  }, milliseconds);
}
