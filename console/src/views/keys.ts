/** What was meant for one screen never falls on the next one, and a key is where it is on the keyboard, whatever is written on it. */

/** Whoever is about to press something when another screen takes its place needs so long to see it, in milliseconds. Shorter lets a slip ring or answer,
 * longer keeps an officer waiting. */
export const SLIP_MS = 700;

/** The letter of a key, in lower case: what it types where that is Latin, otherwise (Korean, Japanese, Cyrillic) what a Latin keyboard has there. */
export function letterOf(event: Pick<KeyboardEvent, 'key' | 'code'>): string {
  return /^[a-z]$/i.test(event.key)
    ? event.key.toLowerCase()
    : (/^Key([A-Z])$/.exec(event.code)?.[1] ?? '').toLowerCase();
}

/** The digit of a key; none: it has none. In the row above the letters also where that types signs without Shift (French). */
export function digitOf(event: Pick<KeyboardEvent, 'key' | 'code'>): number | undefined {
  const digit = /^[0-9]$/.exec(event.key)?.[0] ?? /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  return digit === undefined ? undefined : Number(digit);
}

/** What one key does in a call, by its letter. Digits choose whose picture is large. */
export const CALL_KEYS = {
  mute: 'm',
  camera: 'v',
  hold: 'h',
  lock: 'c',
  people: 'p',
  layout: 'l',
  fullScreen: 'f',
  hangUp: 'e',
} as const;
export type CallAct = keyof typeof CALL_KEYS;

/** What a key does in a call; none: nothing. */
export function callAct(event: Pick<KeyboardEvent, 'key' | 'code'>): CallAct | undefined {
  const letter = letterOf(event);
  return (Object.keys(CALL_KEYS) as CallAct[]).find((act) => CALL_KEYS[act] === letter);
}

/** How a key of a call is written beside what it does. */
export function callKey(act: CallAct): string {
  return CALL_KEYS[act].toUpperCase();
}

/** A key that is held presses a button once, not thirty times a second. */
export function pressedOnce(event: KeyboardEvent) {
  const isPress = event.key === 'Enter' || event.key === ' ';
  if (event.repeat && isPress && event.target instanceof HTMLElement && event.target.closest('button, summary, a'))
    event.preventDefault();
}

/** What takes the page, by a name that changes with it. For a moment afterwards nothing on it can be pressed. */
export class Front {
  #shown: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly #settles: (settling: boolean) => void;

  /** `settles` is told when it begins and ends. The first screen of a page takes no other one's place. */
  constructor(settles: (settling: boolean) => void) {
    this.#settles = settles;
  }

  show(name: string) {
    const before = this.#shown;
    this.#shown = name;
    if (before === null || before === name) return;
    clearTimeout(this.#timer);
    this.#settles(true);
    this.#timer = setTimeout(() => this.#settles(false), SLIP_MS);
  }
}
