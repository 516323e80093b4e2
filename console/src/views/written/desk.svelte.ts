/** Which written line is open on this page, and which overdue messages still sound. */
import { tick } from 'svelte';
import type { WrittenView } from '../../generated/WrittenView';
import type { Engine } from '../../media/engine';
import { flushScratch, keepScratch, restoreScratch } from './composing.svelte';
import type { DueOn } from './due';

export class Desk {
  /** Id of the line whose written line is open. */
  line = $state<string | null>(null);
  /** What is written there; null while it is on its way. */
  written = $state.raw<WrittenView | null>(null);
  /** Overdue messages that somebody here has opened since: they sound no more. */
  #opened = $state.raw<string[]>([]);
  /** Where the focus was before. */
  #from: Element | null = null;

  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes what the console has read, if it is of the line that is open. */
  take(written: WrittenView | null) {
    this.written = written?.line === this.line ? written : null;
    if (this.written) restoreScratch(this.written.scratch);
  }

  /** The overdue message that sounds. */
  alarm(due: DueOn[]): DueOn | undefined {
    return due.find(({ due }) => due.sounds && !this.#opened.includes(due.id));
  }

  /** What is due and not before the officer's eyes: until it is overdue, the board says so. */
  notices(due: DueOn[], inCall: boolean): DueOn[] {
    return due.filter(({ line, due }) => {
      if (due.overdue) return line.id !== this.line || !this.#opened.includes(due.id);
      return line.id !== this.line && (inCall || this.line !== null);
    });
  }

  /** Opens the written line of a line; what is overdue there sounds no more. False: it was open already. */
  open(line: string, due: DueOn[]): boolean {
    this.#opened = [...this.#opened, ...due.filter((x) => x.line.id === line && x.due.overdue).map((x) => x.due.id)];
    if (this.line === line) return false;
    if (this.line === null) this.#from = document.activeElement;
    this.line = line;
    this.written = null;
    flushScratch();
    keepScratch((key, text) => this.#engine.command({ kind: 'keepScratch', line, key, text }));
    this.#engine.command({ kind: 'openWritten', line });
    return true;
  }

  /** Closes it, back to where the focus was. */
  async close(): Promise<void> {
    this.line = null;
    this.written = null;
    this.#engine.command({ kind: 'openWritten', line: null });
    await tick();
    const back =
      this.#from instanceof HTMLElement && this.#from.isConnected && this.#from !== document.body
        ? this.#from
        : document.getElementById('main');
    back?.focus();
  }
}
