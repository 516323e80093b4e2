/** Every key of the console, in one place: screens ask here what a key does, and the help lists the same. A key is where it is on the keyboard, whatever is
 * written on it, and what was meant for one screen never falls on the next one. */

/** Whoever is about to press something when another screen takes its place needs so long to see it, in milliseconds. Shorter lets a slip ring or answer,
 * longer keeps an officer waiting. */
export const SLIP_MS = 700;

/** Where a key does something; `any`: wherever no ring has the page. */
export type Screen = 'any' | 'board' | 'call' | 'written' | 'ring';

type Pressed = Pick<KeyboardEvent, 'key' | 'code'> &
  Partial<Pick<KeyboardEvent, 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey' | 'isComposing' | 'target'>>;

interface Key {
  on: Screen;
  /** As it is written on the key. */
  cap: string;
  hits: (event: Pressed) => boolean;
  /** It does so also while a text is being typed: it types nothing itself. */
  typing?: boolean;
  /** With Ctrl, or the key that a Mac has for it. */
  ctrl?: boolean;
}

const named = (on: Screen, key: string, cap = key): Key => ({ on, cap, hits: (e) => e.key === key, typing: true });
const letter = (on: Screen, cap: string): Key => ({ on, cap, hits: (e) => letterOf(e) === cap.toLowerCase() });

/** In the order in which the help lists them. */
export const KEYS = {
  answer: named('ring', 'Enter'),
  reasons: named('ring', 'Escape', 'Esc'),
  line: { on: 'board', cap: '1 – 9', hits: (e) => (digitOf(e) ?? 0) > 0 },
  duty: { on: 'board', cap: '0', hits: (e) => digitOf(e) === 0 },
  authority: named('board', 'F2'),
  mute: letter('call', 'M'),
  camera: letter('call', 'V'),
  hold: letter('call', 'H'),
  lock: letter('call', 'C'),
  people: letter('call', 'P'),
  layout: letter('call', 'L'),
  picture: { on: 'call', cap: '1 – 9', hits: (e) => (digitOf(e) ?? 0) > 0 },
  fullScreen: letter('call', 'F'),
  hangUp: letter('call', 'E'),
  send: { ...named('written', 'Enter', 'Ctrl + Enter'), ctrl: true },
  print: { on: 'written', cap: 'Ctrl + P', hits: (e) => letterOf(e) === 'p', typing: true, ctrl: true },
  close: named('written', 'Escape', 'Esc'),
  written: named('any', 'F3'),
  help: { on: 'any', cap: '?', hits: (e) => isQuestion(e) },
} satisfies Record<string, Key>;

/** What a key can be pressed for. */
export type Act = keyof typeof KEYS;
export const acts = Object.keys(KEYS) as Act[];

/** What this key does on a screen; nothing, where it does nothing there, or types. */
export function pressed(event: Pressed, screen: Screen): Act | undefined {
  if (event.isComposing || event.altKey) return undefined;
  return acts.find((act) => {
    const key: Key = KEYS[act];
    if (key.on !== screen || Boolean(key.ctrl) !== Boolean(event.ctrlKey || event.metaKey)) return false;
    return (key.typing || !isTyped(event)) && key.hits(event);
  });
}

/** It falls into a field, which takes letters, digits and signs for itself. */
function isTyped(event: Pressed): boolean {
  return event.target instanceof HTMLElement && event.target.closest('input, select, textarea') !== null;
}

/** A question mark, however it is typed; an input method tells the place of its key alone. */
function isQuestion(event: Pressed): boolean {
  return (
    event.key === '?' ||
    event.key === '？' ||
    (event.key === 'Process' && event.code === 'Slash' && event.shiftKey === true)
  );
}

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
