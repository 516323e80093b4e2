/** The written line that the page shows, with the files that go to it and come from it. */
import type { Command } from '../generated/Command';
import type { WrittenView } from '../generated/WrittenView';
import type { Attaching } from './engine';
import type { FromKeys } from './messages';
import { Saver } from './save.ts';
import { Watched } from './watched.ts';

type Said = Extract<FromKeys, { kind: 'written' | 'attaching' | 'file' }>;

export class Reading {
  readonly written = new Watched<WrittenView | null>(null);
  readonly attaching = new Watched<Attaching | null>(null);
  readonly #saver = new Saver();
  /** The line whose written line the page shows: a keys worker that starts anew is told again. */
  #line: string | null = null;

  /** What the officer does, before the machine hears of it. */
  note(command: Command) {
    if (command.kind === 'openWritten') this.#line = command.line;
    if (command.kind === 'openWritten' || command.kind === 'stopSaving') this.#saver.stop();
  }

  save(id: string, at: number, name: string) {
    this.#saver.begin(id, at, name);
  }

  hear(message: Said) {
    switch (message.kind) {
      case 'written':
        this.#saver.see(message.written);
        return this.written.set(message.written);
      case 'attaching':
        return this.attaching.set(message.attaching);
      case 'file':
        return this.#saver.take(message);
    }
  }

  /** What a machine that has just started must be told, if anything. */
  get again(): Command | null {
    return this.#line === null ? null : { kind: 'openWritten', line: this.#line };
  }

  /** The keys worker is gone: what was under way with it comes to nothing. */
  lose() {
    this.#saver.stop();
    this.attaching.set(null);
  }
}
