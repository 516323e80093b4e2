/**
 * Which loudspeaker rings come from, and which voices: two paths, so that a ring is heard in the room while the headset lies on the desk. A choice is kept
 * over reloads by the browser's id of the device, with its name, so that it can be said while that is not there.
 */
import { capture, choices, type Devices } from './capture.ts';
import type { Choice } from './engine';
import { Watched } from './watched.ts';

export type Path = 'ring' | 'voices';

/** The softest that rings can be set to, as a part of the loudest. Lower, and a ring is missed from across a room; without any choice it is switched off at
 * the loudspeaker, where nobody sees it. */
export const SOFTEST = 0.3;

export interface Kept {
  /** The output that was chosen; null: whatever the system takes. */
  ring: Choice | null;
  voices: Choice | null;
  /** How loud rings are, from {@link SOFTEST} to 1. */
  volume: number;
}

const KEPT = 'trialogue-outputs';

function choiceOf(held: unknown): Choice | null {
  const { id, label } = (held ?? {}) as Partial<Choice>;
  return typeof id === 'string' && id !== '' && typeof label === 'string' ? { id, label } : null;
}

function held(): Kept {
  let stored: Partial<Record<keyof Kept, unknown>> = {};
  try {
    stored = (JSON.parse(localStorage.getItem(KEPT) ?? '{}') as typeof stored | null) ?? {};
  } catch {
    // Nothing that can be read: as it was before anything was chosen.
  }
  const volume = typeof stored.volume === 'number' && stored.volume <= 1 ? Math.max(SOFTEST, stored.volume) : 1;
  return { ring: choiceOf(stored.ring), voices: choiceOf(stored.voices), volume };
}

/** What was chosen. */
export const kept = new Watched<Kept>(held());

export function keep(change: Partial<Kept>) {
  kept.set({ ...kept.value, ...change });
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept.value));
  } catch {
    // It holds until the page is loaded anew.
  }
}

/** What is connected, as the browser told last. */
export const devices = new Watched<Devices>({ microphones: [], cameras: [], speakers: [], mute: null });

/** Asks the browser. It names devices to a page that may use a microphone, so this is asked anew once that was allowed. */
export async function lookForDevices() {
  devices.set(await choices());
}

/** Asks now, and whenever a device comes or goes. Returns how to end that. */
export function watchDevices(): () => void {
  const look = () => void lookForDevices();
  navigator.mediaDevices?.addEventListener('devicechange', look);
  look();
  return () => navigator.mediaDevices?.removeEventListener('devicechange', look);
}

/** Has the browser ask whether this page may use a microphone, so that it names devices. False: it may not, or there is none. */
export async function askForNames(): Promise<boolean> {
  const track = await capture('microphone', null).catch(() => null);
  track?.stop();
  await lookForDevices();
  return track !== null;
}

/** Is what was chosen not there? Unknown is not missing: a browser that names no devices may play there all the same. */
export function isMissing(chosen: Choice | null, { speakers } = devices.value): boolean {
  return chosen !== null && speakers.length > 0 && !speakers.some((one) => one.id === chosen.id);
}

/** What can be sent to an output: an element, or a context of sound where the browser lets that be sent. */
export interface Routed {
  setSinkId?: (id: string) => Promise<void>;
}

/** Can rings, or voices, be sent to another output than the system's in this browser? */
export function canRoute(path: Path): boolean {
  const of = path === 'ring' ? globalThis.AudioContext : globalThis.HTMLMediaElement;
  return of !== undefined && 'setSinkId' in of.prototype;
}

/** Sends it to this output (null: the system's). False: that is not to be had, and it sounds at the system's. */
export async function route(what: Routed, to: Choice | null): Promise<boolean> {
  if (!what.setSinkId) return to === null;
  try {
    await what.setSinkId(to?.id ?? '');
    return true;
  } catch {
    await what.setSinkId('').catch(() => undefined);
    return to === null;
  }
}
