/** What a tab keeps, for its own reload, of the call that it is in and of what it sends there. It ends with the tab. */
import type { Both } from './own';

const IN_CALL = 'trialogue-in-call';
/** How long after an officer rang or answered this tab is on its way into that call, in milliseconds. Longer takes a page that is loaded anew into a call that
 * others have begun since; shorter loses an answer whose node is slow. */
const ENTER_MS = 10_000;

export interface InCall extends Both {
  line: string;
}

/** A call that the officer goes into: as if it had begun, until then, by this device's clock. */
interface Entering extends InCall {
  until: number;
}

function isOver(until: number): boolean {
  const left = until - Date.now();
  // A clock that was set back is no reason to believe it for longer.
  return left < 0 || left > ENTER_MS;
}

function remembered(): InCall | null {
  try {
    const held = JSON.parse(sessionStorage.getItem(IN_CALL) ?? 'null') as Partial<Entering> | null;
    if (typeof held?.line !== 'string' || (held.until !== undefined && isOver(held.until))) return null;
    return { line: held.line, voice: held.voice === true, picture: held.picture === true };
  } catch {
    return null;
  }
}

export class Session {
  /** The call that this tab was in when its page or its keys worker started anew, until it is back in a call. */
  #resume: InCall | null = remembered();
  /** The call that the officer has rung or answered, and that has not begun. */
  #entering: Entering | null = null;
  /** What was stored last. */
  #remembered: string | null = null;

  /** The line to come back to. */
  get line(): string | null {
    return this.#resume?.line ?? null;
  }

  /** The keys worker starts anew: as if the page did. */
  again() {
    this.#resume = remembered();
  }

  /** The officer has rung or answered: a page that is loaded anew from here on goes into that call all the same. */
  enter(line: string) {
    this.#entering = { line, voice: true, picture: true, until: Date.now() + ENTER_MS };
    this.#store(this.#entering);
  }

  /** Between that and the call. */
  get isEntering(): boolean {
    return this.#entering !== null && !isOver(this.#entering.until);
  }

  /** What the officer wants to send in the call that is about to begin. */
  wish(change: Partial<Both>) {
    if (!this.#entering || !this.isEntering) return;
    this.#entering = { ...this.#entering, ...change };
    this.#store(this.#entering);
  }

  /** A call has begun: with what the officer goes into it. Muted before a reload is muted after it. */
  begin(line: string): Both {
    const held = this.isEntering && this.#entering?.line === line ? this.#entering : this.#resume;
    [this.#resume, this.#entering] = [null, null];
    return held?.line === line ? { voice: held.voice, picture: held.picture } : { voice: true, picture: true };
  }

  /** Nothing depends on it but a reload: a browser that stores nothing is no reason to show no call. */
  remember({ line, voice, picture }: InCall) {
    this.#store({ line, voice, picture });
  }

  #store(held: InCall | Entering) {
    const now = JSON.stringify(held);
    if (now === this.#remembered) return;
    this.#remembered = now;
    try {
      sessionStorage.setItem(IN_CALL, now);
    } catch {
      // A call is not resumed here.
    }
  }

  /** The officer has hung up, perhaps before this tab was back: nothing goes into that call again. */
  hangUp() {
    this.#resume = null;
    this.end();
  }

  /** The call has ended, as far as it is seen here: while the tab comes back that is not known yet, and what it held there stays. */
  end() {
    [this.#remembered, this.#entering] = [null, null];
    try {
      sessionStorage.removeItem(IN_CALL);
    } catch {
      // Nothing was stored.
    }
  }
}
