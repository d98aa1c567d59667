/** Unsent texts and modal inputs, by place; this tab keeps them, also over reloads. */

const KEPT = "clerk.sandbox.drafts";
const drafts = read();

export const draft = (key) => drafts.get(key);

export function keep(key, value) {
  drafts.set(key, value);
  store();
}

export function forget(key) {
  if (drafts.delete(key)) store();
}

function store() {
  sessionStorage.setItem(KEPT, JSON.stringify([...drafts]));
}

function read() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEPT)));
  } catch {
    return new Map();
  }
}
