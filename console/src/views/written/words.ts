/** From what is written on a line to words. */
import type { Language } from '../../generated/Language';
import type { MessageView } from '../../generated/MessageView';
import type { Person } from '../../generated/Person';
import type { Reading } from '../../generated/Reading';
import type { Traffic } from '../../generated/Traffic';
import type { Waiting } from '../../generated/Waiting';
import type { Writing } from '../../generated/Writing';
import { m } from '../../paraglide/messages.js';
import { getLocale } from '../../paraglide/runtime.js';
import { agreed, dates, list, text } from '../words';

/** The most that one text may hold, in characters. */
export const MOST = 20_000;
/** From so many characters before the end on they are counted on screen. */
export const NEAR = 1_000;

export const languages: Language[] = ['en', 'ja', 'ko'];
/** Every language by its own name. */
export const languageNames: Record<Language, string> = { en: 'English', ja: '日本語', ko: '한국어' };

const named = new Intl.DisplayNames(getLocale(), { type: 'language' });
/** A language by its name in the reader's. */
export function languageName(of: Language): string {
  return named.of(of) ?? languageNames[of];
}

/** The reader's language. */
export function own(): Language {
  return getLocale() as Language;
}

/** How long a text is, as the limit counts. */
export function lengthOf(text: string): number {
  return [...text].length;
}

export const kinds: Traffic[] = ['principal', 'service', 'test'];
const kindNames: Record<Traffic, () => string> = {
  principal: m.written_principal,
  service: m.written_service,
  test: m.written_test,
};
export function kind(of: Traffic): string {
  return kindNames[of]();
}

/** Why something cannot be read here, and what to do. */
export function unreadable(
  reading: Reading,
  by: Person,
): { words: string; tone: 'soft' | 'warn' | 'bad'; icon: 'wait' | 'lock' | 'alarm' } | null {
  switch (reading) {
    case 'open':
      return null;
    case 'arriving':
      return { words: m.written_arriving(), tone: 'soft', icon: 'wait' };
    case 'notForUs':
      return { words: m.written_not_for_us(), tone: 'warn', icon: 'lock' };
    case 'damaged':
      return { words: m.written_damaged({ party: text(by.partyName) }), tone: 'bad', icon: 'alarm' };
  }
}

const waits: Record<Waiting, () => string> = {
  keys: m.written_waits_keys,
  attached: m.written_waits_attached,
  node: m.written_waits_node,
  sent: m.written_waits_sent,
  refused: m.written_waits_refused,
};
/** `given`: how much of what is attached has reached the node, if that has begun. */
export function waiting(of: Waiting, given: number | null): string {
  return of === 'attached' && given === null ? m.written_waits_turn() : waits[of]();
}

const writings: Record<Writing, () => string> = {
  message: m.written_is_message,
  translation: m.written_is_translation,
  readout: m.written_is_readout,
  readBack: m.written_is_read_back,
};
export function writing(of: Writing): string {
  return writings[of]();
}

/** Date and time to the second in universal time: for paper, and for whoever compares records of two capitals. */
export function stamp(ms: number): string {
  return dates({ dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23', timeZone: 'UTC' }).format(ms) + ' UTC';
}

/** How it stands with a message, in one sentence; `parties`: all of the line. */
export function standing(
  message: MessageView,
  parties: { id: string; name: string }[],
  now: number,
): { words: string; tone: 'good' | 'warn' | 'bad' | 'soft'; icon: 'yes' | 'wait' | 'alarm' } {
  const others = parties.filter((party) => party.id !== message.by.party);
  if (message.answerByMs !== null && message.awaited.length > 0) {
    const said = { parties: list(message.awaited.map(text)), time: agreed(message.answerByMs, now) };
    return now > message.answerByMs
      ? { words: m.written_overdue_by(said), tone: 'bad', icon: 'alarm' }
      : { words: m.written_awaited(said), tone: 'warn', icon: 'wait' };
  }
  const acknowledged = others.filter((party) => message.acknowledged.some((by) => by.by.party === party.id));
  if (others.length > 0 && acknowledged.length === others.length)
    return { words: m.written_acknowledged_all(), tone: 'good', icon: 'yes' };
  if (acknowledged.length > 0)
    return {
      words: m.written_acknowledged({ parties: list(acknowledged.map((party) => party.name)) }),
      tone: 'good',
      icon: 'yes',
    };
  const missing = parties.filter((party) => !message.stored.some((at) => at.party === party.id));
  if (missing.length === 0) return { words: m.written_stored_all(), tone: 'good', icon: 'yes' };
  return {
    words: m.written_stored_not({ parties: list(missing.map((party) => party.name)) }),
    tone: 'soft',
    icon: 'wait',
  };
}

/** It waits to be read here, or will as soon as it has arrived. */
export function isNew(message: MessageView): boolean {
  return message.unread && (message.reading === 'open' || message.reading === 'arriving');
}

/** Everything of a message in which one may look for something. */
export function searchable(message: MessageView): string[] {
  return [
    message.text,
    message.marking,
    message.by.name,
    text(message.by.partyName),
    text(message.by.office),
    message.id,
    ...message.files.map((file) => file.name),
    ...message.translations.map((of) => of.text),
    ...message.acknowledged.flatMap((of) => (of.readBack === null ? [of.by.name] : [of.by.name, of.readBack])),
  ];
}
