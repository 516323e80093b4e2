/** Frames that came before their key: kept in order, for a moment, bounded. Media may overtake keys; neither may wait for ever. */
type Frame = RTCEncodedAudioFrame | RTCEncodedVideoFrame;

/** Longest a frame waits for its key, in milliseconds: beyond, a listener hears the gap anyway. */
export const HOLD_MS = 500;
/** Most frames that wait per place: 1.2 s of voice. */
export const HOLD_MAX = 64;

interface Way {
  /** Tries to open and pass on; false: no key yet. */
  open(frame: Frame): boolean;
  lost(): void;
}

export class Hold {
  #way: Way | null = null;
  #waiting: { frame: Frame; since: number }[] = [];

  attach(way: Way) {
    this.#way = way;
    this.#waiting = [];
  }

  push(frame: Frame) {
    this.#waiting.push({ frame, since: performance.now() });
    if (this.#waiting.length > HOLD_MAX) this.#drop();
    this.release();
  }

  /** Passes on what can be opened now, oldest first, and drops what has waited too long. */
  release() {
    const now = performance.now();
    while (this.#waiting.length > 0) {
      const { frame, since } = this.#waiting[0]!;
      if (this.#way?.open(frame)) this.#waiting.shift();
      else if (now - since > HOLD_MS) this.#drop();
      else return;
    }
  }

  /** The place has another sender: what waits is of nobody. */
  clear() {
    while (this.#waiting.length > 0) this.#drop();
  }

  #drop() {
    this.#waiting.shift();
    this.#way?.lost();
  }
}
