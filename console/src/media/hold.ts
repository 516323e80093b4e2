/**
 * Frames that came before their key: kept for a moment, bounded. Media may overtake keys; neither may wait for ever.
 *
 * A frame whose key never comes (of an epoch before this console was let in) holds up nobody: what can be opened passes it.
 */
type Frame = RTCEncodedAudioFrame | RTCEncodedVideoFrame;

/** Longest a frame waits for its key, in milliseconds: beyond, a listener hears the gap anyway. */
export const HOLD_MS = 500;
/** Most frames that wait per place: 1.2 s of voice. */
export const HOLD_MAX = 64;

interface Way {
  /** Tries to open and pass on what came at that time (`performance.now()`); false: no key yet. */
  open(frame: Frame, cameAt: number): boolean;
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
    this.#expire();
    const since = performance.now();
    if (this.#way?.open(frame, since)) return;
    this.#waiting.push({ frame, since });
    if (this.#waiting.length > HOLD_MAX) this.#drop();
  }

  /** A key or a sender is new: passes on what can be opened now, in the order in which it came. */
  release() {
    this.#waiting = this.#waiting.filter(({ frame, since }) => !this.#way?.open(frame, since));
    this.#expire();
  }

  /** The place has another sender: what waits is of nobody. */
  clear() {
    while (this.#waiting.length > 0) this.#drop();
  }

  #expire() {
    const oldest = performance.now() - HOLD_MS;
    while (this.#waiting.length > 0 && this.#waiting[0]!.since < oldest) this.#drop();
  }

  #drop() {
    this.#waiting.shift();
    this.#way?.lost();
  }
}
