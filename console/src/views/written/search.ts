/** Finding words in what is open here. Nothing that is looked for leaves the page. */

/** Characters that a keyboard in Tokyo or Seoul writes in two widths. */
function variants(character: string): string {
  const code = character.codePointAt(0)!;
  if (/\s/.test(character)) return '\\s+';
  const wide = code > 0x20 && code < 0x7f ? String.fromCodePoint(code + 0xfee0) : '';
  return `[${escaped(character)}${wide}]`;
}

function escaped(character: string): string {
  return /[\\\]^\-[]/.test(character) ? `\\${character}` : character;
}

/** Finds what was typed, whatever its case and width; null if nothing was. */
export function finder(typed: string): RegExp | null {
  const wanted = typed.normalize('NFKC').trim();
  return wanted === '' ? null : new RegExp([...wanted.replace(/\s+/g, ' ')].map(variants).join(''), 'giu');
}

/** Whether it stands in one of the texts. */
export function found(find: RegExp, texts: string[]): boolean {
  return texts.some((text) => text.normalize('NFC').search(find) >= 0);
}

/** The text in pieces, those that were looked for marked. */
export function pieces(text: string, find: RegExp | null): { text: string; hit: boolean }[] {
  if (find === null) return [{ text, hit: false }];
  const all: { text: string; hit: boolean }[] = [];
  let from = 0;
  for (const match of text.matchAll(find)) {
    if (match.index > from) all.push({ text: text.slice(from, match.index), hit: false });
    all.push({ text: match[0], hit: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) all.push({ text: text.slice(from), hit: false });
  return all;
}
