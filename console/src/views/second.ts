/** The second way of a ring: a file that is made here, played by an audio element, where the context of sound does not run. */
import type { Choice } from '../media/engine';
import { route } from '../media/outputs.ts';
import { LOUDEST, type Tone, wav } from './tones.ts';

export class Second {
  #element: HTMLAudioElement | null = null;
  readonly #files = new Map<Tone | null, string>();
  #proving: Promise<boolean | null> | null = null;
  #to: Choice | null = null;

  /** Would it be heard now? The browser lets a file be played that nobody hears, or forbids that too. Null: another beat has taken its place and tells. */
  prove(): Promise<boolean | null> {
    this.#proving ??= this.#play(null, 1).finally(() => (this.#proving = null));
    return this.#proving;
  }

  /** `volume`: as of a beat, 0 to {@link LOUDEST}. */
  beat(tone: Tone, volume: number): Promise<boolean | null> {
    return this.#play(tone, volume / LOUDEST);
  }

  to(output: Choice | null) {
    this.#to = output;
    if (this.#element) void route(this.#element, output);
  }

  async #play(tone: Tone | null, volume: number): Promise<boolean | null> {
    const element = this.#made();
    // A ring is not cut off by asking whether it could be heard.
    if (tone === null && !element.paused && !element.ended) return null;
    element.src = this.#file(tone);
    element.volume = Math.min(1, volume);
    return element.play().then(
      () => true,
      (error: unknown) => (error instanceof DOMException && error.name === 'AbortError' ? null : false),
    );
  }

  #made(): HTMLAudioElement {
    if (this.#element) return this.#element;
    this.#element = new Audio();
    if (this.#to) void route(this.#element, this.#to);
    return this.#element;
  }

  #file(tone: Tone | null): string {
    const held = this.#files.get(tone) ?? URL.createObjectURL(new Blob([wav(tone)], { type: 'audio/wav' }));
    this.#files.set(tone, held);
    return held;
  }
}
