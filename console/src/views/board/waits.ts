/** What a line still owes or is owed after a ring: it is on the first screen until somebody has seen to it. */
import type { DeclineReason } from '../../generated/DeclineReason';
import type { LineView } from '../../generated/LineView';
import type { MissedRing } from '../../generated/MissedRing';
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

/** Rings of one party that nobody of the own one has answered. */
export interface Missed {
  party: string;
  /** The most urgent of them, of several the last. */
  ring: MissedRing;
  /** How many others. */
  more: number;
  /** What *dismiss* takes off: all of them. */
  calls: string[];
}

export interface Wait {
  line: LineView;
  /** Those that are to be called back at a promised time, then the others, by party. */
  missed: Missed[];
  /** When the own party has promised to answer, milliseconds since 1970 UTC. */
  promisedMs: number | null;
  /** Those that will call back, the earliest first, and all that declined a ring that is over. */
  declined: Declined[];
  /** The earliest of these times; none: only the end of a ring is to be taken note of. */
  firstMs: number | null;
}

/** Each promise by itself, the earliest first; of the others one entry for each party. */
function missedOn(rings: MissedRing[]): Missed[] {
  const promised = rings
    .filter((ring) => ring.callBackMs !== null)
    .sort((a, b) => a.callBackMs! - b.callBackMs!)
    .map((ring) => ({ party: ring.party, ring, more: 0, calls: [ring.call] }));
  const others = rings.filter((ring) => ring.callBackMs === null);
  const parties = [...new Set(others.map((ring) => ring.party))];
  const byParty = parties.map((party) => {
    const all = others.filter((ring) => ring.party === party);
    return { party, ring: all.at(-1)!, more: all.length - 1, calls: all.map((ring) => ring.call) };
  });
  return [...promised, ...byParty];
}

/** Of all lines, the earliest time first, then what has none. */
export function waits(lines: LineView[]): Wait[] {
  return lines
    .map((line): Wait => {
      const promisedMs = line.ring?.readyMs ?? null;
      const declined = line.parties
        .flatMap(({ name, own, ring }): Declined[] => (ring.kind === 'declined' ? [{ ...ring, party: name, own }] : []))
        .filter(({ callBackMs }) => callBackMs !== null || line.outcome !== null)
        // While the ring goes on with others, its decline and what is to be called back are there both.
        .filter(
          ({ own, callBackMs }) =>
            !own || callBackMs === null || !line.missed.some((ring) => ring.callBackMs === callBackMs),
        )
        .sort((a, b) => (a.callBackMs ?? Infinity) - (b.callBackMs ?? Infinity));
      const missed = missedOn(line.missed);
      const back = [...declined, ...line.missed].map((one) => one.callBackMs);
      const times = [promisedMs, ...back].filter((ms) => ms !== null);
      return { line, missed, promisedMs, declined, firstMs: times.length > 0 ? Math.min(...times) : null };
    })
    .filter((wait) => wait.firstMs !== null || wait.missed.length > 0 || wait.line.outcome !== null)
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
