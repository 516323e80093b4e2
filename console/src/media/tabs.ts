/**
 * The tabs of this browser that are one console. Only one of them runs; a tab that waits and hears from it knows that what it keeps of a call
 * is a copy, made when the other was duplicated, and no call of its own.
 */
const CHANNEL = 'trialogue-tabs';

type Word = 'who runs?' | 'I run';

export class Tabs {
  readonly #channel: BroadcastChannel;
  /** Null: it is not known yet whether this one runs or waits. */
  #waits: boolean | null = null;

  /** `copied`: another one runs while this one waits. */
  constructor(copied: () => void) {
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => {
      if (data === 'who runs?' && this.#waits === false) this.#say('I run');
      else if (data === 'I run' && this.#waits) copied();
    };
  }

  /** This one waits until another is closed, or runs. */
  see(waits: boolean) {
    this.#waits = waits;
    this.ask();
  }

  /** While it waits: one that has just been loaded may not have answered before. */
  ask() {
    if (this.#waits) this.#say('who runs?');
  }

  #say(word: Word) {
    this.#channel.postMessage(word);
  }
}
