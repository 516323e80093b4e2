/** Reads the files that are attached to what is being written, beside everything else that the keys worker does: a large one takes long. */
import type { Chunk } from '../generated/Chunk';
import type { Machine } from '../wasm/trialogue_console_wasm.js';
import type { Attaching } from './engine';
import { keepChunk } from './vault.ts';

export interface AroundAttacher {
  /** The machine that runs now. */
  machine(): Machine | null;
  /** One call of it, with everything that follows. */
  run(call: (machine: Machine) => void): void;
  finish(machine: Machine): void;
  say(attaching: Attaching | null): void;
  log(line: string): void;
}

export class Attacher {
  readonly #around: AroundAttacher;
  /** One after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** The officer wants no more of them. */
  #isStopped = false;

  constructor(around: AroundAttacher) {
    this.#around = around;
  }

  attach(line: string, files: File[]) {
    this.#turn = this.#turn.then(() => this.#attachAll(line, files));
  }

  stop() {
    this.#isStopped = true;
  }

  async #attachAll(line: string, files: File[]): Promise<void> {
    const of = this.#around.machine();
    this.#isStopped = false;
    for (const file of files) if (!(await this.#attachOne(of, line, file))) return;
    this.#around.say(null);
  }

  /** Piece by piece: each chunk is on disk, sealed, before the next piece is read. False: nor are those after it. */
  async #attachOne(of: Machine | null, line: string, file: File): Promise<boolean> {
    const { machine, run, finish, say: tell, log } = this.#around;
    const at = { line, name: file.name, size: file.size };
    const say = (done: number, trouble: Attaching['trouble'] = null) => tell({ ...at, done, trouble });
    say(0);
    try {
      machine()?.attach(line, file.name, file.size);
    } catch {
      say(0, 'form');
      return false;
    }
    let trouble: Attaching['trouble'] = 'changed';
    try {
      for (let done = 0, next = machine()?.attachNext() ?? 0; next > 0; next = machine()?.attachNext() ?? 0) {
        const piece = new Uint8Array(await file.slice(done, done + next).arrayBuffer());
        // Another identity, or a machine that broke: the file was attached to what is no more.
        if (!machine() || machine() !== of) {
          tell(null);
          return false;
        }
        let chunk: Chunk | null = null;
        run((m) => (chunk = m.attachPiece(piece) as Chunk));
        piece.fill(0);
        if (!chunk) throw new Error('changed');
        trouble = 'storage';
        await keepChunk((chunk as Chunk).hash, (chunk as Chunk).bytes);
        trouble = 'changed';
        if (this.#isStopped) {
          run((m) => m.stopAttaching());
          tell(null);
          return false;
        }
        say((done += piece.length));
      }
      let attached = false;
      run((m) => (finish(m), (attached = true)));
      if (attached) return true;
      throw new Error('changed');
    } catch (error) {
      log(`keys worker: a file is not attached: ${String(error)}`);
      run((m) => m.stopAttaching());
      say(0, trouble);
      return false;
    }
  }
}
