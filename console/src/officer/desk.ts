/** The security officer's desk. The view uses this; the root key is in the worker behind it, and nowhere else. */
import type { DeskView } from '../generated/DeskView';

/** A device that was ever enrolled at the node. */
export interface EnrolledDevice {
  device: string;
  /** As its certificate says; where none is shown that holds, as the node says. */
  person: string;
  office: string;
  /** The party's root has certified this person and office for the device. */
  certified: boolean;
  sinceMs: number;
  /** `said`: by the node, which shows no revocation that the party's root has signed. */
  revoked: 'no' | 'said' | 'proven';
  suspended: boolean;
}

/** Why something at the desk was not done; `said` is what the node gave as its reason, in English. */
export type DeskTrouble =
  'key' | 'charter' | 'office' | 'name' | 'time' | 'random' | 'node' | 'device' | 'unreached' | 'refused' | 'failed';

export class DeskError extends Error {
  readonly trouble: DeskTrouble;
  readonly said: string;

  constructor(trouble: DeskTrouble, said = '') {
    super(trouble);
    this.trouble = trouble;
    this.said = said;
  }
}

export interface Desk {
  /** Reads `root.key` into memory and verifies the charter in force with it. */
  open(file: File): Promise<DeskView>;
  /** A whole one-time link for one device. */
  issue(office: string, person: string, days: number): Promise<string>;
  devices(): Promise<EnrolledDevice[]>;
  /** What the root signs of a device. It counts at every node, whoever hands it in. */
  revocation(device: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Hands it to the own node. */
  revoke(revocation: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Wipes the key. The desk can be opened again. */
  close(): void;
}

/** Page → worker. */
export type ToDesk = { id: number } & (
  | { do: 'open'; file: File }
  | { do: 'issue'; office: string; person: string; days: number }
  | { do: 'devices' }
  | { do: 'revocation'; device: string }
  | { do: 'revoke'; revocation: Uint8Array<ArrayBuffer> }
  | { do: 'close' }
);

type Asked<T> = T extends unknown ? Omit<T, 'id'> : never;

/** Worker → page. */
export type FromDesk = { id: number; done: unknown } | { id: number; trouble: DeskTrouble; said: string };

export class LiveDesk implements Desk {
  #worker: Worker | null = null;
  #next = 0;
  #waiting = new Map<number, { resolve: (done: unknown) => void; reject: (error: Error) => void }>();

  open(file: File): Promise<DeskView> {
    this.close();
    const mine = new Worker(new URL('./desk-worker.ts', import.meta.url), { type: 'module', name: 'desk' });
    this.#worker = mine;
    mine.onmessage = ({ data }: MessageEvent<FromDesk>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('trouble' in data) waiting?.reject(new DeskError(data.trouble, data.said));
      else waiting?.resolve(data.done);
    };
    mine.onerror = () => mine === this.#worker && this.close();
    return this.#ask({ do: 'open', file });
  }

  async issue(office: string, person: string, days: number): Promise<string> {
    return `${location.origin}/#${await this.#ask<string>({ do: 'issue', office, person, days })}`;
  }

  devices(): Promise<EnrolledDevice[]> {
    return this.#ask({ do: 'devices' });
  }

  revocation(device: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ask({ do: 'revocation', device });
  }

  revoke(revocation: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#ask({ do: 'revoke', revocation });
  }

  close() {
    // The worker wipes the key when it hears this; ending it gives its memory back at once in any case.
    const old = this.#worker;
    this.#worker = null;
    old?.postMessage({ id: this.#next++, do: 'close' } satisfies ToDesk);
    if (old) setTimeout(() => old.terminate(), 200);
    for (const { reject } of this.#waiting.values()) reject(new DeskError('failed'));
    this.#waiting.clear();
  }

  #ask<T>(message: Asked<ToDesk>): Promise<T> {
    const worker = this.#worker;
    if (!worker) return Promise.reject(new DeskError('key'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (done: unknown) => void, reject });
      worker.postMessage({ ...message, id });
    });
  }
}
