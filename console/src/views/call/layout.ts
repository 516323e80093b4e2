/** Which people of a call are seen as pictures, which as names alone, and who is large. */
import type { CallView } from '../../generated/CallView';
import type { Member } from '../../generated/Member';

/** `even`: all the same; `speaker`: who speaks is large; `chosen`: whom the officer chose is. */
export type Layout = 'even' | 'speaker' | 'chosen';
export const layouts: Layout[] = ['even', 'speaker', 'chosen'];

/** Louder than this is speech, not the room. */
export const SPEECH = 0.04;

export function next(layout: Layout): Layout {
  return layouts[(layouts.indexOf(layout) + 1) % layouts.length]!;
}

/** Others by picture and by name alone: once principals are on, whoever prepared the call for them is not in the picture any more. */
export function seats(call: CallView): { pictures: Member[]; names: Member[] } {
  const others = call.members.filter((member) => !member.me);
  const isOn = (member: Member) => member.role === 'principal' && member.floor !== 'waiting';
  const principals = others.filter((member) => member.role === 'principal');
  if (!call.staged || !call.members.some(isOn) || principals.length === 0) return { pictures: others, names: [] };
  return { pictures: principals, names: others.filter((member) => member.role !== 'principal') };
}

/** Who speaks now. Whoever was large stays so through pauses, and while others say a word in between. */
export function speaker(before: string | null, pictures: Member[], level: (device: string) => number): string | null {
  const there = pictures.map((member) => member.person.device);
  if (before !== null && there.includes(before) && level(before) > SPEECH) return before;
  const loudest = there.filter((device) => level(device) > SPEECH).sort((a, b) => level(b) - level(a))[0];
  return loudest ?? (before !== null && there.includes(before) ? before : (there[0] ?? null));
}

/** Whose picture is large; null: nobody's. */
export function large(layout: Layout, pictures: Member[], spoke: string | null, chosen: string | null): string | null {
  if (layout === 'even' || pictures.length < 2) return null;
  const wanted = layout === 'speaker' ? spoke : chosen;
  const there = pictures.map((member) => member.person.device);
  return wanted !== null && there.includes(wanted) ? wanted : there[0]!;
}

/** Columns that leave the pictures largest, where the screen is wide or tall. */
export function columns(count: number): { wide: number; tall: number } {
  const wide = count <= 3 ? Math.max(1, count) : Math.ceil(Math.sqrt(count));
  return { wide, tall: count <= 3 ? 1 : Math.floor(Math.sqrt(count)) };
}
