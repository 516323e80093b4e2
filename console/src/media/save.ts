/** Files of messages on their way to the officer's disk. */
import type { WrittenView } from '../generated/WrittenView';
import type { FromKeys } from './messages';

/** After so long the browser has taken what it was given to save, in milliseconds. */
const TAKEN_MS = 60_000;

/** Gives the browser a file to save, where the officer has said that files go. From then on it lies there as any other file: unsealed. */
function saveAs(file: Blob, name: string) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN_MS);
}

/** Holds the parts of the one file that is fetched until it is whole. */
export class Saver {
  #saving: { id: string; at: number; name: string; parts: Uint8Array<ArrayBuffer>[] } | null = null;

  begin(id: string, at: number, name: string) {
    this.#saving = { id, at, name, parts: [] };
  }

  stop() {
    this.#saving = null;
  }

  /** What is not what was attached is not held. */
  see(written: WrittenView | null) {
    const message = written?.messages.find((message) => message.id === this.#saving?.id);
    if (message?.files[this.#saving!.at]?.state === 'damaged') this.stop();
  }

  /** A part that came; the last one makes it a file. */
  take({ id, at, bytes, whole }: Extract<FromKeys, { kind: 'file' }>) {
    const saving = this.#saving;
    if (saving?.id !== id || saving.at !== at) return;
    saving.parts.push(bytes);
    if (!whole) return;
    this.stop();
    // Of no type: the browser saves it, and opens nothing by itself.
    saveAs(new Blob(saving.parts, { type: 'application/octet-stream' }), saving.name);
  }
}
