/** Until when a ring of one's own sounds. What a console is shown says how a party stands, not when the ring began: that is when the page first shows it. */

const RANG = 'trialogue-rang';

/** When the ring of this call began here; kept for a page that is loaded anew meanwhile. */
export function rangAt(call: string, now: number): number {
  try {
    const kept = JSON.parse(sessionStorage.getItem(RANG) ?? 'null') as { call?: unknown; at?: unknown } | null;
    if (kept?.call === call && typeof kept.at === 'number' && kept.at <= now) return kept.at;
    sessionStorage.setItem(RANG, JSON.stringify({ call, at: now }));
  } catch {
    // Where nothing is stored it counts from now.
  }
  return now;
}

/** When it has expired, if it sounds for so many seconds by the charter. */
export function ringEnds(call: string, seconds: number, now: number): number {
  return rangAt(call, now) + seconds * 1000;
}
