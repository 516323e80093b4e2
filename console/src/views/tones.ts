/** The sounds of rings and messages, made here: nothing to load, nothing to fail. Each precedence has its own, told apart with closed eyes. */
import type { Precedence } from '../generated/Precedence';

export interface Tone {
  /** Both sound together, in hertz. */
  hertz: readonly [number, number];
  /** Pulses per beat and the length of each, in seconds. */
  pulses: number;
  length: number;
  /** From beat to beat, in milliseconds. */
  every: number;
  /** Volume of the first beat (0…1); it rises to {@link LOUDEST}. */
  from: number;
}

/** Of each of the two pitches: together they fill the scale. */
export const LOUDEST = 0.5;

export const TONES: Record<Precedence, Tone> = {
  routine: { hertz: [784, 1047], pulses: 10, length: 0.2, every: 3_000, from: 0.15 },
  priority: { hertz: [880, 1109], pulses: 3, length: 0.4, every: 2_000, from: 0.2 },
  immediate: { hertz: [988, 1245], pulses: 6, length: 0.15, every: 1_500, from: 0.3 },
  flash: { hertz: [1175, 1480], pulses: 12, length: 0.08, every: 1_000, from: 0.5 },
  flashOverride: { hertz: [1319, 1865], pulses: 2, length: 0.5, every: 1_000, from: 0.5 },
};

/** A message for everyday business. */
export const MESSAGE: Tone = { hertz: [659, 880], pulses: 2, length: 0.18, every: 0, from: 0.12 };

/** How loud each pulse is at its start and end, as parts of the beat's volume. */
const [STRIKE, DECAY] = [0.1, 0.9];
const FADED = 0.25;

/** One beat, from now on. */
export function beatIn(context: AudioContext, { hertz, pulses, length }: Tone, volume: number) {
  const start = context.currentTime;
  const end = start + pulses * length;
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, start);
  for (let i = 0; i < pulses; i++) {
    gain.gain.linearRampToValueAtTime(volume, start + (i + STRIKE) * length);
    gain.gain.linearRampToValueAtTime(volume * FADED, start + (i + DECAY) * length);
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

/** Samples per second of a beat that is a file: twice the highest pitch, and room for the filter of a bad loudspeaker. */
const RATE = 16_000;
const HEADER = 44;

/** One beat at its loudest, as a WAV file (RIFF, PCM, 16 bits, one channel); no tone: the same silent, for as short as a browser plays. */
export function wav(tone: Tone | null): Uint8Array<ArrayBuffer> {
  const samples = Math.ceil((tone ? tone.pulses * tone.length : 0.05) * RATE);
  const bytes = new Uint8Array(HEADER + samples * 2);
  const data = new DataView(bytes.buffer);
  const say = (at: number, text: string) => [...text].forEach((c, i) => data.setUint8(at + i, c.charCodeAt(0)));
  say(0, 'RIFF');
  data.setUint32(4, bytes.length - 8, true);
  say(8, 'WAVEfmt ');
  data.setUint32(16, 16, true);
  data.setUint16(20, 1, true);
  data.setUint16(22, 1, true);
  data.setUint32(24, RATE, true);
  data.setUint32(28, RATE * 2, true);
  data.setUint16(32, 2, true);
  data.setUint16(34, 16, true);
  say(36, 'data');
  data.setUint32(40, samples * 2, true);
  for (let at = 0; tone && at < samples; at++) {
    const [time, part] = [at / RATE, (at / RATE / tone.length) % 1];
    const volume =
      part < STRIKE
        ? FADED + (1 - FADED) * (part / STRIKE)
        : part < DECAY
          ? 1 - (1 - FADED) * ((part - STRIKE) / (DECAY - STRIKE))
          : FADED;
    const wave = tone.hertz.reduce((sum, pitch) => sum + Math.sin(2 * Math.PI * pitch * time), 0);
    data.setInt16(HEADER + at * 2, Math.round(0x7fff * LOUDEST * volume * wave), true);
  }
  return bytes;
}
