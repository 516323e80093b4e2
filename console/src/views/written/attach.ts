/** What of a choice of files can be seen before any of them is read. The console decides; this says early, and in words, which limit it is. */

/** Most files of one message. */
export const FILES_MOST = 8;
/** Most bytes of all of them together. */
export const BYTES_MOST = 100_000_000;
/** Most characters of a name. */
export const NAME_MOST = 120;

/** Why nothing of a choice is attached. */
export type Refusal =
  | { kind: 'busy' }
  | { kind: 'count'; count: number; more: number }
  | { kind: 'bytes'; size: number }
  | { kind: 'empty'; name: string }
  | { kind: 'name'; name: string };

/** What keeps `chosen` from being attached beside what is `attached`; null: nothing that shows yet. */
export function refusal(attached: { size: number }[], chosen: { name: string; size: number }[]): Refusal | null {
  if (attached.length + chosen.length > FILES_MOST)
    return { kind: 'count', count: attached.length, more: chosen.length };
  const empty = chosen.find((file) => file.size === 0);
  if (empty) return { kind: 'empty', name: empty.name };
  const long = chosen.find((file) => [...file.name].length > NAME_MOST);
  if (long) return { kind: 'name', name: long.name };
  const size = [...attached, ...chosen].reduce((sum, file) => sum + file.size, 0);
  return size > BYTES_MOST ? { kind: 'bytes', size } : null;
}

/** Names as the others will see them: some systems write a Korean syllable, or a Japanese voiced one, as several characters. */
export function composed(file: File): File {
  const name = file.name.normalize('NFC');
  return name === file.name ? file : new File([file], name, { type: file.type, lastModified: file.lastModified });
}
