/**
 * Holds the media worker, which seals and opens, and starts another when it crashes, hangs, or says that it is broken. The new one gets keys of a
 * new generation. Nothing is sent in between: what a worker that is gone would have sealed goes nowhere.
 */
import type { Count, FromMedia, ToMedia } from './messages';
import type { Both } from './own';

/** Questions in a row, one a second, that a worker may leave unanswered. Counted and not timed: a machine that slept wakes with healthy workers. */
const UNANSWERED_MAX = 3;
/** As many before its first answer: the worker and its WebAssembly may come over a slow network. */
const UNANSWERED_FIRST_MAX = 10;
/** Longest wait for another worker, in seconds, when one after the other breaks. */
const REST_MOST = 15;
/** Answers after which a worker's fault is a new one. */
const STEADY = 10;

export class Sealer {
  readonly #start: () => Worker;
  readonly #handOver: (keys: MessagePort) => void;
  readonly #log: (line: string) => void;
  #worker: Worker | null = null;
  #sending: Both = { voice: false, picture: false };
  #counts: Count[] = [];
  #unanswered = 0;
  #answers = 0;
  /** Workers that broke in a row, and for how many more seconds none is started; null: it works, or nobody wants one. */
  #broken = 0;
  #rest: number | null = null;

  /** `handOver`: gives the keys worker its way to each new worker. */
  constructor(start: () => Worker, handOver: (keys: MessagePort) => void, log: (line: string) => void) {
    this.#start = start;
    this.#handOver = handOver;
    this.#log = log;
  }

  /** The worker that the transforms of a leg are made by. */
  get worker(): Worker {
    if (!this.#worker) throw new Error('no media worker');
    return this.#worker;
  }

  /** What passed, since the worker started. */
  get counts(): Count[] {
    return this.#counts;
  }

  start() {
    this.#end();
    const mine = this.#start();
    this.#worker = mine;
    this.#unanswered = 0;
    this.#answers = 0;
    this.#rest = null;
    mine.onmessage = ({ data }: MessageEvent<FromMedia>) => {
      if (data.kind === 'broken') return this.#breaks(data.why);
      this.#counts = data.counts;
      this.#unanswered = 0;
      if (++this.#answers === STEADY) this.#broken = 0;
    };
    mine.onerror = (event) => {
      // One that has answered goes on after an error; one that has not was never whole.
      if (this.#answers === 0) this.#breaks(event.message);
      else this.#log(`media worker: ${event.message}`);
    };
    const { port1, port2 } = new MessageChannel();
    mine.postMessage({ kind: 'keys', port: port1 } satisfies ToMedia, [port1]);
    this.#handOver(port2);
    this.let({});
  }

  /** It is of no more use, and none takes its place before {@link start}. */
  stop() {
    this.#end();
    this.#rest = null;
    this.#unanswered = Number.NEGATIVE_INFINITY;
  }

  #end() {
    const old = this.#worker;
    if (!old) return;
    old.onmessage = null;
    old.onerror = null;
    old.terminate();
  }

  /** What the worker lets out, from the next frame on; a new one is told the same. */
  let(change: Partial<Both>) {
    this.#sending = { ...this.#sending, ...change };
    this.#worker?.postMessage({ kind: 'sending', ...this.#sending } satisfies ToMedia);
  }

  /** Once a second. True: there is a new worker, by which the legs must be sealed. `hidden`: a page in the background has its timers kept back. */
  watch(hidden: boolean): boolean {
    if (this.#rest !== null) {
      if (this.#rest-- > 0) return false;
      this.start();
      return true;
    }
    const most = this.#answers === 0 ? UNANSWERED_FIRST_MAX : UNANSWERED_MAX;
    if (this.#unanswered >= most && !hidden) {
      this.#log('media worker: it does not answer');
      this.start();
      return true;
    }
    this.#unanswered++;
    this.#worker?.postMessage({ kind: 'count' } satisfies ToMedia);
    return false;
  }

  /** It stays until there is another: the transforms that it has made let nothing pass. */
  #breaks(why: string) {
    if (this.#rest !== null) return;
    this.#log(`media worker stopped: ${why}`);
    this.#rest = Math.min(REST_MOST, 2 ** this.#broken++ - 1);
  }
}
