/** Streams that stay at their end while a person reads there, and stay put while they read elsewhere. */

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
    // What scrolls because something grew or shrank says nothing about the person.
    if (node.scrollHeight === height && node.clientHeight === room) follows = height - node.scrollTop - room < NEAR;
  });
  new MutationObserver(toEnd).observe(node, { childList: true, subtree: true, characterData: true });
  new ResizeObserver(toEnd).observe(node);
  node.addEventListener("load", toEnd, true);
  toEnd();
}
