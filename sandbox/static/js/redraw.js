/** When to draw: at most once a frame, whoever asks. */

let draw = () => {};
let waiting = false;

/** Say how the page is drawn. */
export function drawWith(how) {
  draw = how;
}

/** Have the page drawn soon. */
export function redraw() {
  if (waiting) return;
  waiting = true;
  // A hidden tab has no frames, and nobody looks: it is drawn when it shows again.
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}
