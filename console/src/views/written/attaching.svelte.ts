/** Files on their way into what is being written on a line, and why one did not get there. */
import { untrack } from 'svelte';
import type { FileView } from '../../generated/FileView';
import type { Attaching, Engine } from '../../media/engine';
import { composed, refusal, type Refusal } from './attach';

export class FilesIn {
  /** Why nothing of the last choice was attached. */
  refused = $state.raw<Refusal | null>(null);
  /** What the engine said last of this line. */
  #said = $state.raw<Attaching | null>(null);
  /** What it said when the officer had read it. */
  #heard = $state.raw<Attaching | null>(null);
  /** The names of the last choice. */
  #chosen = $state.raw<string[]>([]);
  /** The engine has said nothing of it yet. */
  #fresh = $state(false);

  readonly #line: string;

  constructor(line: string) {
    this.#line = line;
  }

  /** The file that is being read: nothing can be sent before it is. */
  get reading(): Attaching | null {
    if (this.#fresh) return { line: this.#line, name: this.#chosen[0] ?? '', size: 0, done: 0, trouble: null };
    return this.#said?.trouble === null ? this.#said : null;
  }

  /** The file that could not be attached. */
  get trouble(): Attaching | null {
    return this.#fresh || !this.#said?.trouble || this.#said === this.#heard ? null : this.#said;
  }

  /** Those that were chosen with it and would have come after it. */
  get leftOut(): string[] {
    const at = this.#chosen.indexOf(this.trouble?.name ?? '');
    return at < 0 ? [] : this.#chosen.slice(at + 1);
  }

  /** Takes what the engine says. */
  see(next: Attaching | null) {
    untrack(() => {
      const own = next === null || next.line === this.#line;
      this.#said = own ? next : null;
      if (own) this.#fresh = false;
      // It has become possible meanwhile.
      if (this.refused?.kind === 'busy' && this.reading === null) this.refused = null;
    });
  }

  /** Attaches what was chosen, dropped or pasted: all of it, or nothing and why. */
  add(engine: Engine, attached: FileView[], files: File[]) {
    if (files.length === 0) return;
    this.hear();
    const chosen = files.map(composed);
    this.refused = this.reading ? { kind: 'busy' } : refusal(attached, chosen);
    if (this.refused) return;
    this.#chosen = chosen.map((file) => file.name);
    this.#fresh = true;
    engine.attach(this.#line, chosen);
  }

  /** Says that the next choice has to wait. */
  wait() {
    this.refused = { kind: 'busy' };
  }

  /** The officer has read why. */
  hear() {
    this.refused = null;
    this.#heard = this.#said;
  }
}
