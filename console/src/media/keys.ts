/** Holds the keys worker, and starts another when it breaks. Between the two nobody is told anything. */
import type { FromKeys, ToKeys } from './messages';

/** Until a new worker starts, in milliseconds: doubled with each one that breaks in a row, up to the longest. */
const AGAIN_MS = 500;
const AGAIN_MOST_MS = 15_000;

export interface KeysSays {
  /** A worker runs and knows nothing yet. `heir`: where the one before has left the key of the passkey. */
  up(heir: MessagePort | null): void;
  /** It is no more. `of`: the storage of this browser is why. */
  down(why: string, of?: 'storage'): void;
  said(message: FromKeys): void;
}

export class Keys {
  readonly #start: () => Worker;
  readonly #says: KeysSays;
  #worker: Worker | null = null;
  /** Times that it broke in a row. */
  #broken = 0;

  constructor(start: () => Worker, says: KeysSays) {
    this.#start = start;
    this.#says = says;
  }

  start(heir: MessagePort | null = null) {
    const mine = this.#start();
    this.#worker = mine;
    mine.onmessage = ({ data }: MessageEvent<FromKeys>) => {
      if (mine !== this.#worker) return;
      if (data.kind === 'broken') this.#restart(mine, data.why, data.of);
      else this.#says.said(data);
    };
    mine.onerror = (event) => mine === this.#worker && this.#restart(mine, event.message);
    this.#says.up(heir);
  }

  /** False: there is no worker now, and nobody will ever hear it. */
  tell(message: ToKeys, transfer: Transferable[] = []): boolean {
    this.#worker?.postMessage(message, transfer);
    return this.#worker !== null;
  }

  /** It has come so far that its next fault is a new one. */
  steady() {
    this.#broken = 0;
  }

  #restart(old: Worker, why: string, of?: 'storage') {
    const { port1, port2 } = new MessageChannel();
    old.onmessage = null;
    old.onerror = null;
    old.postMessage({ kind: 'bequeath', port: port1 } satisfies ToKeys, [port1]);
    this.#worker = null;
    this.#says.down(why, of);
    const after = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#broken++);
    setTimeout(() => {
      old.terminate();
      this.start(port2);
    }, after);
  }
}
