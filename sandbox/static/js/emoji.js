/** Emoji by Slack's names, both ways. */

const byName = new Map();
const byCharacter = new Map();

/** Load the names; until then codes show as they are. */
export async function loadEmoji() {
  const names = await (await fetch("/sandbox/emoji")).json();
  for (const [name, character] of Object.entries(names)) {
    byName.set(name, character);
    if (!byCharacter.has(character)) byCharacter.set(character, name);
  }
}

export function emojiNamed(name) {
  return byName.get(name) ?? `:${name}:`;
}

/** Text with its emoji codes as emoji. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+):/gi, (code, name) => byName.get(name) ?? code);
}

const CHARACTERS = /\p{RGI_Emoji}/gv;

/** Text as Slack stores what a person typed: emoji as their codes. */
export function withCodes(text) {
  return text.replace(CHARACTERS, (character) => {
    const name = byCharacter.get(character) ?? byCharacter.get(character.replace(/\uFE0F/g, ""));
    return name ? `:${name}:` : character;
  });
}
