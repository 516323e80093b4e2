/** What a tab keeps, for its own reload, of the call that it is in and of what it sends there. It ends with the tab. */
import type { Both } from './own';

const IN_CALL = 'trialogue-in-call';

export interface InCall extends Both {
  line: string;
}

function remembered(): InCall | null {
  try {
    const held = JSON.parse(sessionStorage.getItem(IN_CALL) ?? 'null') as Partial<InCall> | null;
    if (typeof held?.line !== 'string') return null;
    return { line: held.line, voice: held.voice === true, picture: held.picture === true };
  } catch {
    return null;
  }
}

export class Session {
  /** The call that this tab was in when its page or its keys worker started anew, until it is back in a call. */
  #resume: InCall | null = remembered();
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

  /** A call has begun: with what the officer goes into it. Muted before a reload is muted after it. */
  begin(line: string): Both {
    const held = this.#resume;
    this.#resume = null;
    return held?.line === line ? { voice: held.voice, picture: held.picture } : { voice: true, picture: true };
  }

  /** Nothing depends on it but a reload: a browser that stores nothing is no reason to show no call. */
  remember({ line, voice, picture }: InCall) {
    const now = JSON.stringify({ line, voice, picture } satisfies InCall);
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
    this.#remembered = null;
    try {
      sessionStorage.removeItem(IN_CALL);
    } catch {
      // Nothing was stored.
    }
  }
}
