/**
 * What is being written, by line. It outlives the screen: a ring that takes the screen over, or a call that begins, loses no word.
 * What shall outlive the page is kept by the console (`keepDraft`), sealed.
 */
import type { Language } from '../../generated/Language';
import type { Precedence } from '../../generated/Precedence';
import type { Scratch } from '../../generated/Scratch';
import type { Traffic } from '../../generated/Traffic';
import { getLocale } from '../../paraglide/runtime.js';
import { FilesIn } from './attaching.svelte';

export class Composing {
  text = $state('');
  language = $state<Language>(getLocale() as Language);
  traffic = $state<Traffic>('principal');
  precedence = $state<Precedence>('routine');
  marking = $state('');
  /** Minutes within which every party is asked to acknowledge; 0: nobody is asked. */
  minutes = $state(0);
  /** Id of the message that is answered. */
  answers = $state<string | null>(null);
  /** What is on its way to be attached; what is attached the console keeps. */
  readonly files: FilesIn;
  /** The officer has written here, or what was kept has been put back: it is not put back again. */
  touched = false;

  constructor(line: string) {
    this.files = new FilesIn(line);
  }

  /** It was sent: urgency is said anew each time. */
  clear() {
    this.text = '';
    this.marking = '';
    this.precedence = 'routine';
    this.minutes = 0;
    this.answers = null;
    this.files.hear();
  }
}

const byLine = new Map<string, Composing>();

export function composing(line: string): Composing {
  let held = byLine.get(line);
  if (!held) byLine.set(line, (held = new Composing(line)));
  return held;
}

/** Texts beside a message, by what they are for: translations and texts read back that are not attached yet. */
const beside = $state<Record<string, string>>({});
/** Those that were written or put back here: they are not put back again. */
const known = new Set<string>();
/** So long after a change it is kept, in milliseconds. */
const KEEP_MS = 500;
const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; now: () => void }>();
let keeper: ((key: string, text: string) => void) | null = null;

/** From now on `by` keeps such texts, for the line that is open. */
export function keepScratch(by: (key: string, text: string) => void) {
  keeper = by;
}

/** What was kept when the page was last open. */
export function restoreScratch(all: Scratch[]) {
  for (const { key, text } of all) {
    if (known.has(key)) continue;
    known.add(key);
    beside[key] = text;
  }
}

/** Keeps at once what would be kept soon. */
export function flushScratch() {
  for (const { timer, now } of [...waiting.values()]) {
    clearTimeout(timer);
    now();
  }
}
// A page that is hidden may never come back.
addEventListener('pagehide', flushScratch);
document.addEventListener('visibilitychange', flushScratch);

function keepSoon(key: string) {
  const by = keeper;
  if (!by) return;
  clearTimeout(waiting.get(key)?.timer);
  const now = () => {
    waiting.delete(key);
    by(key, beside[key] ?? '');
  };
  waiting.set(key, { timer: setTimeout(now, KEEP_MS), now });
}

export function scratch(key: string): { text: string } {
  return {
    get text() {
      return beside[key] ?? '';
    },
    set text(text) {
      known.add(key);
      if (text === (beside[key] ?? '')) return;
      if (text === '') delete beside[key];
      else beside[key] = text;
      keepSoon(key);
    },
  };
}

/** Does this key press belong to an input method? Such an Enter chooses a word and sends nothing. */
export function inComposition(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
