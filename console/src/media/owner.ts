/** The owner of this console: enrolling, the passkey that opens it, and whether they have to come first. */
import { Asked } from './asked.ts';
import type { Gate, Rules } from './engine';
import type { FromKeys, ToKeys } from './messages';
import { makePasskey, PasskeyError, usePasskey, type OpenPasskey, type Passkey } from './passkey.ts';
import { Watched } from './watched.ts';

/** Longest wait for the node's rules, in milliseconds: beyond, the strict ones hold, and they are asked for anew. */
const RULES_MS = 10_000;

/** To the keys worker; false: there is none now. */
type Tell = (message: ToKeys, transfer?: Transferable[]) => boolean;
type Answer = Extract<FromKeys, { kind: 'locked' | 'unlocked' | 'done' | 'failed' }>;

export class Owner {
  readonly gate = new Watched<Gate>('open');
  readonly #tell: Tell;
  readonly #asked = new Asked<void>();
  /** The passkey that opens this console, while it is locked. */
  #passkey: Passkey | null = null;
  #rules: Promise<Rules> | null = null;
  /** Keys workers that are gone: what one was asked for, the next knows nothing of. */
  #gone = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  rules(): Promise<Rules> {
    this.#rules ??= fetch('/console.json', { cache: 'no-store', signal: AbortSignal.timeout(RULES_MS) })
      .then((answer) => answer.json())
      .then((rules: Partial<Rules>): Rules => ({
        known: true,
        passkeys: rules.passkeys === 'offered' ? 'offered' : 'required',
      }))
      .catch(() => {
        this.#rules = null;
        return { known: false, passkeys: 'required' };
      });
    return this.#rules;
  }

  /** The link is read before a passkey is made: a bad one leaves none behind. */
  async enrol(fragment: string, passkey: boolean): Promise<void> {
    if (!passkey && (await this.rules()).passkeys === 'required') throw new PasskeyError('failed');
    const gone = this.#gone;
    await this.#ask({ kind: 'enrol', fragment });
    try {
      const made = passkey ? await makePasskey() : null;
      // The identity went with its worker: another would seal what it had before, and call that enrolled.
      if (gone !== this.#gone) {
        if (made) new Uint8Array(made.output).fill(0);
        throw new PasskeyError('failed');
      }
      await this.#keep(made);
    } catch (error) {
      this.#tell({ kind: 'drop' });
      throw error;
    }
  }

  async protect(): Promise<void> {
    await this.#keep(await makePasskey());
  }

  async signIn(): Promise<void> {
    if (!this.#passkey) return;
    const output = await usePasskey(this.#passkey);
    await this.#ask({ kind: 'signIn', output }, [output]).catch((error: Error) => {
      throw new PasskeyError(error.message === 'wrong' ? 'wrong' : 'failed');
    });
  }

  /** What the keys worker says of the owner. */
  hear(message: Answer) {
    switch (message.kind) {
      case 'locked':
        this.#passkey = message.passkey;
        return this.gate.set('locked');
      case 'unlocked':
        this.#passkey = null;
        this.gate.set('open');
        return message.passkey ? undefined : void this.#lookWhetherBare();
      case 'done':
        return this.#asked.answer();
      case 'failed':
        return this.#asked.fail(new Error(message.why));
    }
  }

  /** The keys worker is gone. */
  lose() {
    this.#gone++;
    this.#asked.lose(new PasskeyError('failed'));
  }

  /** A node that does not say what it wants is no reason to ask an owner for a passkey. */
  async #lookWhetherBare() {
    const { passkeys } = await this.rules();
    if (passkeys === 'required' && this.#rules && this.gate.value === 'open') this.gate.set('bare');
  }

  #keep(passkey: OpenPasskey | null): Promise<void> {
    return this.#ask({ kind: 'keep', passkey }, passkey ? [passkey.output] : []);
  }

  /** One at a time: whoever waited for the one before waits no more. */
  #ask(message: ToKeys, transfer: Transferable[] = []): Promise<void> {
    this.#asked.supersede(new PasskeyError('cancelled'));
    if (!this.#tell(message, transfer)) return Promise.reject(new PasskeyError('failed'));
    return this.#asked.ask();
  }
}
