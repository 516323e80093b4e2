/** The ring sounds, made here: nothing to load, nothing to fail. Each precedence has its own, told apart with closed eyes. */
import type { Precedence } from '../generated/Precedence';

interface Tone {
  /** Both sound together, in hertz. */
  hertz: readonly [number, number];
  /** Pulses per beat and the length of each, in seconds. */
  pulses: number;
  length: number;
  /** From beat to beat, in milliseconds. */
  every: number;
  /** Volume of the first beats (0…1); it rises to 0.5. */
  from: number;
}

const TONES: Record<Precedence, Tone> = {
  routine: { hertz: [784, 1047], pulses: 10, length: 0.2, every: 3_000, from: 0.15 },
  priority: { hertz: [880, 1109], pulses: 3, length: 0.4, every: 2_000, from: 0.2 },
  immediate: { hertz: [988, 1245], pulses: 6, length: 0.15, every: 1_500, from: 0.3 },
  flash: { hertz: [1175, 1480], pulses: 12, length: 0.08, every: 1_000, from: 0.5 },
  flashOverride: { hertz: [1319, 1865], pulses: 2, length: 0.5, every: 1_000, from: 0.5 },
};

/** So long after a device error another context is made, in milliseconds. */
const AGAIN_MS = 1_000;

let context: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | null = null;
let sounding: Precedence | null = null;
const watchers = new Set<(audible: boolean) => void>();

/** One that a device error has closed never sounds again: another is made. */
function open(): AudioContext {
  if (context !== null && context.state !== 'closed') return context;
  const made = new AudioContext();
  context = made;
  const changed = () => {
    if (context !== made) return;
    tell();
    // The system took the sound away, for a call of another program, say: nobody is here to press a key.
    if (made.state !== 'running' && made.state !== 'closed') void made.resume().catch(() => undefined);
  };
  made.addEventListener('statechange', changed);
  made.addEventListener('error', () => {
    if (context !== made) return;
    context = null;
    void made.close().catch(() => undefined);
    tell();
    // Not at once: without any device the next one fails as well.
    setTimeout(() => void allowSound(), AGAIN_MS);
  });
  return made;
}

function tell() {
  const audible = context?.state === 'running';
  for (const watcher of watchers) watcher(audible);
}

/** Tells now, and whenever it changes, whether a ring is heard here. Returns how to end that. */
export function onSound(watcher: (audible: boolean) => void): () => void {
  watchers.add(watcher);
  open();
  watcher(context?.state === 'running');
  return () => watchers.delete(watcher);
}

/** To be called from a gesture (any key or click); makes later rings audible. */
export async function allowSound(): Promise<boolean> {
  const at = open();
  if (at.state !== 'running') await at.resume().catch(() => undefined);
  tell();
  return at.state === 'running';
}

function beat({ hertz, pulses, length }: Tone, volume: number) {
  // A ring that sounds tries again with each beat.
  if (context?.state !== 'running') return void allowSound();
  const start = context.currentTime;
  const end = start + pulses * length;
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, start);
  for (let i = 0; i < pulses; i++) {
    gain.gain.linearRampToValueAtTime(volume, start + (i + 0.1) * length);
    gain.gain.linearRampToValueAtTime(volume * 0.25, start + (i + 0.9) * length);
  }
  gain.gain.linearRampToValueAtTime(0, end);
  for (const pitch of hertz) {
    const tone = context.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(gain);
    tone.start(start);
    tone.stop(end + 0.05);
  }
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
  if (precedence === 'routine') beat({ hertz: [659, 880], pulses: 2, length: 0.18, every: 0, from: 0 }, 0.12);
  else beat(TONES[precedence], TONES[precedence].from);
}

/** Sounds as urgently as said, or not at all; saying the same twice changes nothing. */
export function ringAloud(precedence: Precedence | null) {
  if (precedence === sounding) return;
  if (timer !== null) clearInterval(timer);
  timer = null;
  sounding = precedence;
  if (precedence === null) return;
  const tone = TONES[precedence];
  let count = 0;
  void allowSound().then(() => sounding === precedence && beat(tone, tone.from));
  timer = setInterval(() => beat(tone, Math.min(0.5, tone.from + 0.1 * ++count)), tone.every);
}
