/** From data to words in the chosen language. No sentence is built from pieces: word order differs. */
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';
import type { DeclineReason } from '../generated/DeclineReason';
import type { Refusal } from '../generated/Refusal';
import type { Outcome } from '../generated/Outcome';
import type { AnswerView } from '../generated/AnswerView';
import type { DutyView } from '../generated/DutyView';
import type { Grade } from '../generated/Grade';
import type { PairView } from '../generated/PairView';
import type { TestsView } from '../generated/TestsView';
import type { Precedence } from '../generated/Precedence';
import type { Role } from '../generated/Role';
import type { RingState } from '../generated/RingState';
import type { Text3 } from '../generated/Text3';
import type { RevocationNotice } from '../generated/RevocationNotice';
import type { Trouble } from '../generated/Trouble';

/** The charter's name of something, in the console's language. */
export function text(t: Text3): string {
  const locale = getLocale() as keyof Text3;
  return t[locale] || t.en;
}

/** Several names as one list. */
export function list(names: string[]): string {
  return new Intl.ListFormat(getLocale(), { type: 'conjunction' }).format(names);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Kept, one per kind of date: to make one takes about a millisecond, and the clocks are written four times a second. */
export function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([getLocale(), options]);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(getLocale(), options);
  formats.set(key, made);
  return made;
}

/** Hours and minutes by this console's clock. */
export function clock(ms: number, zone?: string): string {
  return dates({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(zone ? { timeZone: zone } : {}) }).format(
    ms,
  );
}

const MINUTE = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const DAY = { month: 'short', day: 'numeric', weekday: 'short' } as const;
const isToday = (ms: number, now: number) => new Date(ms).toDateString() === new Date(now).toDateString();

/** Hours and minutes by this console's clock; with the day, if that is not today. */
export function moment(ms: number, now: number): string {
  return isToday(ms, now) ? clock(ms) : dates({ ...DAY, ...MINUTE }).format(ms);
}

/** The same with the zone: for a time that people in several capitals go by, each of whom could read it as their own. */
export function agreed(ms: number, now: number): string {
  return dates({ ...(isToday(ms, now) ? {} : DAY), ...MINUTE, timeZoneName: 'short' }).format(ms);
}

/** This console's time zone, as {@link agreed} names it. */
export function zone(now: number): string {
  return (
    dates({ timeZoneName: 'short' })
      .formatToParts(now)
      .find(({ type }) => type === 'timeZoneName')?.value ?? ''
  );
}

/** Minutes and seconds, or hours too. */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return (h > 0 ? `${h}:${two(Math.floor(s / 60) % 60)}` : two(Math.floor(s / 60))) + `:${two(s % 60)}`;
}

const precedences: Record<Precedence, () => string> = {
  routine: m.precedence_routine,
  priority: m.precedence_priority,
  immediate: m.precedence_immediate,
  flash: m.precedence_flash,
  flashOverride: m.precedence_flashOverride,
};

/** All, lowest first. */
export const levels = Object.keys(precedences) as Precedence[];

/** How urgent, in words. */
export function precedence(level: Precedence): string {
  return precedences[level]();
}

const reasons: Record<DeclineReason, () => string> = {
  busy: m.reason_busy,
  callBack: m.reason_callBack,
  deputy: m.reason_deputy,
  refused: m.reason_refused,
};

/** Why somebody declined. */
export function reason(why: DeclineReason): string {
  return reasons[why]();
}

/** What a party did with a ring; empty when there is none. */
export function ringState(s: RingState, now: number): { words: string; tone: 'good' | 'warn' | 'bad' | 'soft' } | null {
  switch (s.kind) {
    case 'none':
      return null;
    case 'sent':
      return { words: m.state_sent(), tone: 'soft' };
    case 'pathDown':
      return { words: m.state_pathDown(), tone: 'bad' };
    case 'silent':
      return { words: m.state_silent(), tone: 'warn' };
    case 'received':
      return { words: m.state_received(), tone: 'soft' };
    case 'unstaffed':
      return { words: m.state_unstaffed(), tone: 'warn' };
    case 'ringing':
      return { words: s.consoles === 1 ? m.state_ringing_one() : m.state_ringing({ count: s.consoles }), tone: 'good' };
    case 'acknowledged': {
      const time = agreed(s.readyMs, now);
      return {
        words: s.by ? m.state_acknowledged_by({ time, name: s.by }) : m.state_acknowledged({ time }),
        tone: 'good',
      };
    }
    case 'answered':
      return { words: m.state_answered(), tone: 'good' };
    case 'declined': {
      const parts = [m.state_declined({ reason: reason(s.reason) })];
      if (s.callBackMs != null) parts.push(m.call_back_at({ time: agreed(s.callBackMs, now) }));
      if (s.deputy) parts.push(m.deputy_is({ office: text(s.deputy) }));
      return { words: parts.join(' · '), tone: 'bad' };
    }
    case 'expired':
      return { words: m.state_expired(), tone: 'bad' };
  }
}

const outcomes: Record<Outcome, () => string> = {
  declined: m.outcome_declined,
  unanswered: m.outcome_unanswered,
  ended: m.outcome_ended,
  calledAway: m.outcome_calledAway,
  removed: m.outcome_removed,
  handedOver: m.outcome_handedOver,
  dropped: m.outcome_dropped,
};

/** How the last call here ended. */
export function outcome(of: Outcome): string {
  return outcomes[of]();
}

const roles: Record<Role, () => string> = {
  principal: m.role_principal,
  dutyOfficer: m.role_dutyOfficer,
  interpreter: m.role_interpreter,
  noteTaker: m.role_noteTaker,
  station: m.role_station,
};

/** What somebody does in a call. */
export function role(of: Role): string {
  return roles[of]();
}

/** What a party has said about a consultation. */
export function attendance(a: AnswerView, now: number): { words: string; tone: 'good' | 'warn' | 'bad' } {
  switch (a.kind) {
    case 'silent':
      return { words: m.answer_silent(), tone: 'warn' };
    case 'coming':
      // The zone stands with the time that was proposed, above.
      return { words: m.answer_coming({ office: text(a.office), time: moment(a.atMs, now) }), tone: 'good' };
    case 'declined':
      return { words: m.answer_declined(), tone: 'bad' };
  }
}

/** Who has the duty of an office; `several`: the party has more than one on the line. */
export function duty(d: DutyView, several: boolean, now: number): { words: string; tone: 'soft' | 'warn' } {
  const [name, time, office] = [d.name ?? text(d.office), moment(d.untilMs, now), text(d.office)];
  switch (d.state) {
    case 'onDuty':
      return { words: several ? m.duty_on_office({ name, time, office }) : m.duty_on({ name, time }), tone: 'soft' };
    case 'away':
      return { words: m.duty_away({ name, time }), tone: 'warn' };
    case 'over':
      return { words: m.duty_over({ name, time }), tone: 'warn' };
  }
}

/** The usual ends of a shift that begins now, by this console's clock: every four hours, as far as a day ahead. */
export function shiftEnds(now: number): number[] {
  const ends: number[] = [];
  for (let step = 1; step <= 7; step++) {
    const end = new Date(now);
    end.setHours(Math.floor(end.getHours() / 4) * 4 + 4 * step, 0, 0, 0);
    const left = end.getTime() - now;
    // One that is about to end is no shift.
    if (left >= 30 * 60_000 && left <= 24 * 3_600_000) ends.push(end.getTime());
  }
  return ends;
}

const refusals: Record<Refusal, () => string> = {
  protocol: m.refused_protocol,
  certificate: m.refused_certificate,
  revoked: m.refused_revoked,
  suspended: m.refused_suspended,
  signature: m.refused_signature,
  notOnLine: m.refused_notOnLine,
  replayed: m.refused_replayed,
  malformed: m.refused_malformed,
  epoch: m.refused_epoch,
  notNow: m.refused_notNow,
  busy: m.refused_busy,
  aboveAuthority: m.refused_aboveAuthority,
  role: m.refused_role,
  notOwn: m.refused_notOwn,
  policy: m.refused_policy,
  dropped: m.refused_dropped,
  time: m.refused_time,
  otherOffice: m.refused_otherOffice,
  noConsultation: m.refused_noConsultation,
  catchingUp: m.refused_catchingUp,
  otherNode: m.refused_outdated,
  otherCharter: m.refused_otherCharter,
  outdated: m.refused_outdated,
  ahead: m.refused_outdated,
  origin: m.refused_origin,
  noSeat: m.refused_noSeat,
};

/** What an officer should know of a party's revocations. */
export function revocations(notice: RevocationNotice): string {
  const said = { missing: m.revocations_missing, quiet: m.revocations_quiet, stale: m.revocations_stale }[notice.state];
  const time = dates({ dateStyle: 'short', timeStyle: 'short' }).format(notice.confirmedMs);
  const own = notice.own && notice.state !== 'missing';
  return own ? m.revocations_own({ time }) : said({ party: text(notice.name), time });
}

/** One sentence with the remedy. */
export function trouble(t: Trouble): string {
  switch (t.kind) {
    case 'notEnrolled':
      return m.not_enrolled();
    case 'tryLater':
      return m.trouble_try_later({ seconds: t.seconds });
    case 'refused':
    case 'actRefused':
      return refusals[t.reason]();
    case 'charter':
      return m.trouble_charter();
    case 'noSealing':
      return m.trouble_noSealing();
    case 'worker':
      return m.trouble_worker();
    case 'leg':
      return m.trouble_leg();
    case 'clock':
      return m.trouble_clock();
    case 'otherTab':
      return m.trouble_otherTab();
    case 'notConnected':
      return m.trouble_notConnected();
  }
}

/** The levels at which the line is tested. */
export const testLevels = ['path', 'station', 'human'] as const;
export type TestLevel = (typeof testLevels)[number];
const levelNames: Record<TestLevel, () => string> = { path: m.test_path, station: m.test_station, human: m.test_human };
export function testLevel(level: TestLevel): string {
  return levelNames[level]();
}

const troubles: Record<TestLevel, (inputs: { pair: string }) => string> = {
  path: m.test_trouble_path,
  station: m.test_trouble_station,
  human: m.test_trouble_human,
};
/** That a test does not come or fails, as a sentence. */
export function testTrouble(pair: PairView, level: TestLevel): string {
  return troubles[level]({ pair: pairName(pair) });
}

/** The other party, or two others. */
export function pairName(pair: PairView): string {
  return pair.own ? text(pair.bName) : m.tests_pair({ a: text(pair.aName), b: text(pair.bName) });
}

type Said = { words: string; tone: 'good' | 'warn' | 'bad' | 'soft'; icon: 'yes' | 'no' | 'wait' | 'alarm' };
/** How a test stands. */
export function testGrade(grade: Grade): Said {
  switch (grade) {
    case 'unset':
      return { words: m.grade_unset(), tone: 'soft', icon: 'wait' };
    case 'unknown':
      return { words: m.grade_unknown(), tone: 'soft', icon: 'wait' };
    case 'good':
      return { words: m.grade_good(), tone: 'good', icon: 'yes' };
    case 'amber':
      return { words: m.grade_amber(), tone: 'warn', icon: 'alarm' };
    case 'red':
      return { words: m.grade_red(), tone: 'bad', icon: 'no' };
  }
}

const order: Grade[] = ['unset', 'unknown', 'good', 'amber', 'red'];
/** The worst that is known; good where everything that has a result is. */
export function worstOf(tests: TestsView): Grade {
  const all = tests.pairs.flatMap((pair) => testLevels.map((level) => order.indexOf(pair[level].grade)));
  return order[Math.max(0, ...all)]!;
}
