/** Streams that stay at their end while a person reads there, and stay put while they read elsewhere. */

const NEAR = 60;

/** Keep a scrolling element at its end, unless a person scrolled away from it. */
export function stuck(node) {
  let follows = true;
  const toEnd = () => {
    if (follows) node.scrollTop = node.scrollHeight;
  };
  node.addEventListener("scroll", () => {
    follows = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
  });
  new MutationObserver(toEnd).observe(node, { childList: true, subtree: true, characterData: true });
  new ResizeObserver(toEnd).observe(node);
  node.addEventListener("load", toEnd, true);
  toEnd();
}
