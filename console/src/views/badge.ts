/** How much waits for a person, on the icon of the installed console: seen while its window is not. */
import type { View } from '../generated/View';

/** Rings, those that were missed, messages that are unread or due, consultations on which this party has not said a word, and test texts to be sent or certified. */
export function waitingIn(view: View | null): number {
  if (!view?.me) return 0;
  const { lines, consultations, tests } = view;
  const rings = lines.filter((line) => line.ring !== null).length;
  const missed = lines.reduce((sum, line) => sum + line.missed.length, 0);
  const messages = lines.reduce((sum, { written }) => sum + Math.max(written.unread, written.due ? 1 : 0), 0);
  const asked = consultations.filter(
    (one) => one.offices.length > 0 && one.parties.some((party) => party.own && party.answer.kind === 'silent'),
  ).length;
  const texts = (tests.offer ? 1 : 0) + tests.received.filter((one) => one.mayCertify).length;
  return rings + missed + messages + asked + texts;
}

let shown: number | null = null;

/** Shows the number; none: nothing waits. */
export function badge(count: number) {
  if (count === shown || !('setAppBadge' in navigator)) return;
  shown = count;
  // It is a help, never the only word: a browser that shows none is no fault.
  void (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => undefined);
}
