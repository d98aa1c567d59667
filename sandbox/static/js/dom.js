/** Elements as descriptions: `patch` makes the page match them and leaves alone what already matches.
 *
 * Typed text, focus and scroll positions are not part of a description, so they stay. Attributes are set as
 * attributes (`value` is an input's default value), `.name` sets a property whenever it differs, `onname` a listener
 * (not a property: browsers have none for `focusout`), `style` CSS variables and properties. `mounted` and `removed` are called with the element.
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect", "g", "line"]);

export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, key: props?.key, children: present(children) };
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

/** Make an element's children match. */
export function patch(parent, children) {
  const wanted = present(Array.isArray(children) ? children : [children]);
  const named = wanted.map((child) => child.key).filter((key) => key !== undefined);
  const keys = new Set(named);
  if (keys.size < named.length) throw new Error(`two children with one key: ${named.join(", ")}`);
  const keyed = new Map();
  for (const node of [...parent.childNodes]) {
    if (node.$key === undefined) continue;
    if (keys.has(node.$key)) keyed.set(node.$key, node);
    else discard(node);
  }
  let next = parent.firstChild;
  for (const child of wanted) {
    const node = reusable(child, keyed, next) ?? create(child);
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
    update(node, child);
  }
  while (next) {
    const after = next.nextSibling;
    discard(next);
    next = after;
  }
}

function reusable(child, keyed, next) {
  if (child.key !== undefined) {
    const node = keyed.get(child.key);
    return node?.$tag === child.tag ? node : undefined;
  }
  if (!next || next.$key !== undefined) return undefined;
  return next.$tag === child.tag ? next : undefined;
}

function create(child) {
  if (child.tag === undefined) {
    const text = document.createTextNode(String(child));
    return text;
  }
  const node = SVG_TAGS.has(child.tag) ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  node.$tag = child.tag;
  node.$key = child.key;
  node.$props = {};
  node.$new = true;
  return node;
}

function update(node, child) {
  if (child.tag === undefined) {
    if (node.data !== String(child)) node.data = String(child);
    return;
  }
  const before = node.$props;
  node.$props = child.props;
  for (const name of Object.keys(before)) if (!(name in child.props)) set(node, name, null, before[name]);
  for (const [name, value] of Object.entries(child.props)) set(node, name, value, before[name]);
  if (!child.props.own) patch(node, child.children);
  if (node.$new) {
    delete node.$new;
    if (child.props.mounted) queueMicrotask(() => child.props.mounted(node));
  }
}

function set(node, name, value, before) {
  if (name === "key" || name === "own" || name === "mounted" || name === "removed") return;
  if (name.startsWith(".")) {
    if (node[name.slice(1)] !== value) node[name.slice(1)] = value;
  } else if (name.startsWith("on")) {
    listen(node, name.slice(2).toLowerCase(), value);
  } else if (name === "style") {
    for (const property of Object.keys(before ?? {})) if (!value || !(property in value)) node.style.removeProperty(property);
    for (const [property, each] of Object.entries(value ?? {})) node.style.setProperty(property, each);
  } else if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else if (node.getAttribute(name) !== (value === true ? "" : String(value))) {
    node.setAttribute(name, value === true ? "" : value);
  }
}

/** One listener for each kind of event, which calls the handler of the latest description. */
function listen(node, kind, handler) {
  node.$handlers ??= {};
  if (!(kind in node.$handlers)) node.addEventListener(kind, (event) => node.$handlers[kind]?.(event));
  node.$handlers[kind] = handler || null;
}

function discard(node) {
  node.$props?.removed?.(node);
  node.remove();
}

const PICTURES = {
  send: "M3 11.5 21 3l-6 18-3.5-7.5z",
  clip: "M8 12.5 14.5 6a3 3 0 0 1 4.3 4.3l-8 8a5 5 0 0 1-7-7L11 4",
  close: "M5 5l14 14M19 5 5 19",
  plus: "M12 4v16M4 12h16",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  down: "m6 9 6 6 6-6",
  back: "m14 6-6 6 6 6",
  moon: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  reply: "M21 15a3 3 0 0 1-3 3H9l-5 4V6a3 3 0 0 1 3-3h11a3 3 0 0 1 3 3z",
};

/** A small picture that says nothing to a screen reader. */
export function icon(name) {
  return h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: PICTURES[name] }));
}
