/**
 * Rings aloud, on an output of its own, and knows whether it is heard. Two ways lead to the loudspeaker, the browser's context of sound and an audio element:
 * what one cannot, the other does.
 */
import type { Precedence } from '../generated/Precedence';
import type { Choice } from '../media/engine';
import { devices, isMissing, kept, route, type Routed } from '../media/outputs.ts';
import { Second } from './second.ts';
import { beatIn, LOUDEST, MESSAGE, type Tone, TONES } from './tones.ts';

/**
 * Whether a ring is heard here: on the output that was chosen; `elsewhere`: on the system's own, because the chosen one is not there; `second`: by the second
 * way alone; `silent`: by none; `mute`: no loudspeaker is connected, and a browser plays to nobody.
 */
export type RingSound = 'sounds' | 'elsewhere' | 'second' | 'silent' | 'mute';

/** So long after a device error another context is made, in milliseconds. */
const AGAIN_MS = 1_000;
/** How often it is looked whether the sound goes on, in milliseconds. Less tells sooner, and wakes the machine for it. */
const LOOK_MS = 3_000;
/** Looks in a row at a context that runs and whose clock stands still, until it counts as broken: one may come right after the machine woke up. */
const STANDING_MAX = 2;
/** Beats of a trial ring. */
const TRIAL_BEATS = 2;

let context: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | null = null;
let looking: ReturnType<typeof setInterval> | null = null;
let sounding: Precedence | null = null;
/** The context is on the output that was chosen, or none was. */
let onChosen = true;
/** The second way is heard, as far as was tried since the first one failed. */
let secondWorks = false;
/** The context's clock at the last look, and looks since it went on. */
let clock = { at: -1, standing: 0 };
let told: RingSound | null = null;
let trying: (() => void) | null = null;
const second = new Second();
const watchers = new Set<(sound: RingSound) => void>();

/** One that a device error has closed never sounds again: another is made. */
function open(): AudioContext {
  if (context !== null && context.state !== 'closed') return context;
  const made = new AudioContext();
  context = made;
  clock = { at: -1, standing: 0 };
  const changed = () => {
    if (context !== made) return;
    tell();
    // The system took the sound away, for a call of another program, say: nobody is here to press a key.
    if (made.state !== 'running' && made.state !== 'closed') void made.resume().catch(() => undefined);
  };
  made.addEventListener('statechange', changed);
  made.addEventListener('error', () => context === made && lose(made));
  send();
  return made;
}

function lose(broken: AudioContext) {
  context = null;
  void broken.close().catch(() => undefined);
  tell();
  // Not at once: without any device the next one fails as well.
  setTimeout(() => void allowSound(), AGAIN_MS);
}

/** Sends both ways to the output that was chosen, if that is there. */
function send() {
  say();
  const chosen = kept.value.ring;
  const to = isMissing(chosen) ? null : chosen;
  second.to(to);
  const at = context;
  if (at === null) return;
  void route(at as unknown as Routed, to).then((isThere) => {
    if (at !== context || kept.value.ring !== chosen) return;
    onChosen = isThere && to === chosen;
    tell();
  });
}

const runs = () => context?.state === 'running' && clock.standing < STANDING_MAX;

/** Whether a ring is heard here now. */
export function ringSound(): RingSound {
  if (devices.value.mute) return 'mute';
  if (runs()) return onChosen ? 'sounds' : 'elsewhere';
  return secondWorks ? 'second' : 'silent';
}

function tell() {
  // What rings proves it with each beat.
  if (!runs() && sounding === null) void second.prove().then(proven);
  say();
}

function proven(works: boolean | null) {
  if (works === null) return;
  secondWorks = works;
  // What lets a file be played lets the context run: somebody was at the keys, or this browser asks for nobody.
  if (works && context?.state === 'suspended') void context.resume().catch(() => undefined);
  say();
}

function say() {
  const sound = ringSound();
  if (sound === told) return;
  told = sound;
  for (const watcher of watchers) watcher(sound);
}

/** A device that hangs leaves a context that says that it runs, and whose clock stands still. */
function look() {
  const at = context;
  if (at?.state === 'running') {
    const now = at.currentTime;
    clock = { at: now, standing: now > clock.at ? 0 : clock.standing + 1 };
    if (clock.standing >= STANDING_MAX) lose(at);
  }
  tell();
}

/** Tells now, and whenever it changes, whether a ring is heard here. Returns how to end that. */
export function onSound(watcher: (sound: RingSound) => void): () => void {
  watchers.add(watcher);
  open();
  looking ??= setInterval(look, LOOK_MS);
  const stop = [kept.on(send), devices.on(send)];
  tell();
  watcher(ringSound());
  return () => {
    stop.forEach((end) => end());
    watchers.delete(watcher);
    if (watchers.size > 0 || looking === null) return;
    clearInterval(looking);
    looking = null;
  };
}

/** To be called from a gesture (any key or click); makes later rings audible. */
export async function allowSound(): Promise<boolean> {
  const at = open();
  if (at.state !== 'running') await at.resume().catch(() => undefined);
  tell();
  return at.state === 'running';
}

function beat(tone: Tone, volume: number) {
  const set = volume * kept.value.volume;
  if (context && runs()) return beatIn(context, tone, set);
  // A ring that sounds tries again with each beat.
  void allowSound();
  void second.beat(tone, set).then(proven);
}

/** Somebody came into the call (two tones up) or left it (two tones down). Quiet: people are speaking. */
export function chime(came: boolean) {
  if (!context || context.state !== 'running') return;
  const [low, high] = [523, 784];
  for (const [at, pitch] of (came ? [low, high] : [high, low]).entries()) {
    const start = context.currentTime + at * 0.16;
    const [tone, gain] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.12, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + 0.3);
  }
}

/** A message came: once, as a ring of its precedence sounds, and softly for everyday business. */
export function messageTone(precedence: Precedence) {
  const tone = precedence === 'routine' ? MESSAGE : TONES[precedence];
  beat(tone, tone.from);
}

/** Sounds as urgently as said, or not at all; saying the same twice changes nothing. */
export function ringAloud(precedence: Precedence | null) {
  if (precedence === sounding) return;
  if (precedence !== null) trying?.();
  if (timer !== null) clearInterval(timer);
  timer = null;
  sounding = precedence;
  if (precedence === null) return;
  const tone = TONES[precedence];
  let count = 0;
  const first = () => beat(tone, tone.from);
  if (runs()) first();
  else {
    void second.beat(tone, tone.from * kept.value.volume).then(proven);
    void allowSound().then((is) => is && sounding === precedence && count === 0 && first());
  }
  timer = setInterval(() => beat(tone, Math.min(LOUDEST, tone.from + 0.1 * ++count)), tone.every);
}

/** Rings for a moment, as loud as a ring becomes, on the way that a ring takes; `over` is told when it has, or a ring came. Returns how to end it. */
export function tryRing(over: () => void): () => void {
  trying?.();
  const tone = TONES.priority;
  let left = TRIAL_BEATS;
  const end = () => {
    if (trying !== end) return;
    clearInterval(again);
    trying = null;
    over();
  };
  const next = () => (left-- > 0 ? beat(tone, LOUDEST) : end());
  const again = setInterval(next, tone.every);
  trying = end;
  if (sounding !== null) end();
  else next();
  return end;
}

/** The output that is to ring and is not there. */
export function missingRing(): Choice | null {
  return onChosen ? null : kept.value.ring;
}
