/** Streams that follow their end while a person reads there, and keep their place otherwise. */

const NEAR = 60;

/** Keep a scrolling element at its end, unless a person scrolled away from it. */
export function stuck(node) {
  let follows = true;
  let height = 0;
  let room = 0;
  const toEnd = () => {
    if (follows) node.scrollTop = node.scrollHeight;
    height = node.scrollHeight;
    room = node.clientHeight;
  };
  node.addEventListener("scroll", () => {
    // A scroll that comes with a change of size was not the person's.
    if (node.scrollHeight === height && node.clientHeight === room) follows = height - node.scrollTop - room < NEAR;
  });
  new MutationObserver(toEnd).observe(node, { childList: true, subtree: true, characterData: true });
  new ResizeObserver(toEnd).observe(node);
  node.addEventListener("load", toEnd, true);
  toEnd();
}
