/** What a line still owes or is owed after a ring: it is on the first screen until somebody has seen to it. */
import type { DeclineReason } from '../../generated/DeclineReason';
import type { LineView } from '../../generated/LineView';
import type { PartyView } from '../../generated/PartyView';
import type { Text3 } from '../../generated/Text3';

/** Why a party declined, and what it offers instead. */
export interface Declined {
  party: Text3;
  /** It is the own party. */
  own: boolean;
  reason: DeclineReason;
  /** When it will call back, milliseconds since 1970 UTC. */
  callBackMs: number | null;
  deputy: Text3 | null;
}

export interface Wait {
  line: LineView;
  /** When the own party has promised to answer, milliseconds since 1970 UTC. */
  promisedMs: number | null;
  /** Those that will call back, the earliest first, and all that declined a ring that is over. */
  declined: Declined[];
  /** The earliest of these times; none: only the end of a ring is to be taken note of. */
  firstMs: number | null;
}

/** Of all lines, the earliest time first, then what has none. */
export function waits(lines: LineView[]): Wait[] {
  return lines
    .map((line): Wait => {
      const promisedMs = line.ring?.readyMs ?? null;
      const declined = line.parties
        .flatMap(({ name, own, ring }): Declined[] => (ring.kind === 'declined' ? [{ ...ring, party: name, own }] : []))
        .filter(({ callBackMs }) => callBackMs !== null || line.outcome !== null)
        .sort((a, b) => (a.callBackMs ?? Infinity) - (b.callBackMs ?? Infinity));
      const times = [promisedMs, ...declined.map((one) => one.callBackMs)].filter((ms) => ms !== null);
      return { line, promisedMs, declined, firstMs: times.length > 0 ? Math.min(...times) : null };
    })
    .filter((wait) => wait.firstMs !== null || wait.line.outcome !== null)
    .sort((a, b) => (a.firstMs ?? Infinity) - (b.firstMs ?? Infinity));
}

/** All parties of these lines, in the order in which the board shows them. */
export function columns(lines: LineView[]): PartyView[] {
  const all = lines.flatMap((line) => line.parties);
  return [...new Map(all.map((party) => [party.id, party])).values()];
}

/** The marking of all lines; none: they have several. */
export function sharedMarking(lines: LineView[]): string | null {
  const [first, ...more] = new Set(lines.map((line) => line.marking));
  return first !== undefined && more.length === 0 ? first : null;
}
