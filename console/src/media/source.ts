/**
 * One device of this console, microphone or camera: open while it is wanted, closed when it is not. Nothing waits for it. A browser may show
 * its user a question for as long as it likes, and a driver may never answer: what was wanted last counts, and what comes too late is closed.
 */
import { capture, CaptureError, type Device } from './capture.ts';
import type { CaptureTrouble } from './engine';

/** After so long without an answer of the browser the officer is told, in milliseconds. Less tells people who are still reading its question. */
export const WAITING_MS = 10_000;
/** Most questions to the browser that it has not answered. More show no more; fewer let one driver that hangs keep another device closed. */
export const UNANSWERED_MAX = 4;

/** What becomes of the device: said when it happens, never while it is being asked for something. */
export interface SourceSays {
  /** There is a track. */
  opened(): void;
  /** There is none, and it is asked for no more. `waiting`: it still is. */
  trouble(trouble: CaptureTrouble): void;
}

interface Question {
  id: string | null;
  isLate: boolean;
}

export class Source {
  readonly #kind: Device;
  readonly #says: SourceSays;
  readonly #capture: typeof capture;
  #track: MediaStreamTrack | null = null;
  /** As which choice the track was opened. */
  #openAs: string | null = null;
  /** The choice that is to be open; null: none is. */
  #wanted: { id: string | null } | null = null;
  readonly #questions = new Set<Question>();

  constructor(kind: Device, says: SourceSays, by = capture) {
    this.#kind = kind;
    this.#says = says;
    this.#capture = by;
  }

  get track(): MediaStreamTrack | null {
    return this.#track;
  }

  /** Opens this choice (null: whatever the browser takes by itself), in place of any other. `anew`: the officer asks for it just now. */
  open(id: string | null, anew = false) {
    this.#wanted = { id };
    if (this.#track && this.#openAs === id) return;
    this.#drop();
    const of = [...this.#questions].filter((question) => question.id === id);
    // One that is late may never be answered; a second one may, but nobody is asked twice who did nothing.
    if (of.some((question) => !question.isLate) || (of.length > 0 && !anew)) return;
    if (this.#questions.size < UNANSWERED_MAX) this.#ask(id);
    else queueMicrotask(() => this.#wants(id) && this.#says.trouble('waiting'));
  }

  /** Opens nothing; what is open as this choice stays so, to be heard at once when it is wanted again. */
  keep(id: string | null) {
    this.#wanted = null;
    if (this.#openAs !== id) this.#drop();
  }

  close() {
    this.#wanted = null;
    this.#drop();
  }

  #drop() {
    this.#track?.stop();
    this.#track = null;
  }

  #ask(id: string | null) {
    const question: Question = { id, isLate: false };
    this.#questions.add(question);
    const late = setTimeout(() => {
      question.isLate = true;
      if (this.#wants(id)) this.#says.trouble('waiting');
    }, WAITING_MS);
    const answered = () => {
      clearTimeout(late);
      this.#questions.delete(question);
      // Another choice may have found no room.
      const wanted = this.#wanted;
      if (wanted && wanted.id !== id && this.#wants(wanted.id)) this.open(wanted.id);
    };
    void this.#capture(this.#kind, id).then(
      (track) => {
        answered();
        this.#take(id, track);
      },
      (error: unknown) => {
        answered();
        this.#fail(id, error instanceof CaptureError ? error.trouble : 'failed');
      },
    );
  }

  /** This choice is wanted and not there. */
  #wants(id: string | null): boolean {
    return this.#wanted?.id === id && this.#track === null;
  }

  #take(id: string | null, track: MediaStreamTrack) {
    if (!this.#wants(id)) return track.stop();
    if (track.readyState === 'ended') return this.#fail(id, 'lost');
    this.#track = track;
    this.#openAs = id;
    // Only what nobody here has stopped ends so: it was pulled out, taken away, or forbidden.
    track.addEventListener('ended', () => this.#lose(track), { once: true });
    this.#says.opened();
  }

  #fail(id: string | null, trouble: CaptureTrouble) {
    if (!this.#wants(id) || [...this.#questions].some((question) => question.id === id)) return;
    this.#wanted = null;
    this.#says.trouble(trouble);
  }

  #lose(track: MediaStreamTrack) {
    if (track !== this.#track) return;
    this.#track = null;
    this.#wanted = null;
    this.#says.trouble('lost');
  }
}
