/** The ring sound, made here: nothing to load, nothing to fail. Two tones, 2 s on a 3 s beat, rising over the first beats. */
let context: AudioContext | null = null;
let timer: ReturnType<typeof setInterval> | null = null;

/** True once the browser lets this page sound without a gesture. */
export function canSound(): boolean {
  context ??= new AudioContext();
  return context.state === 'running';
}

/** To be called from a gesture (any key or click); makes later rings audible. */
export async function allowSound(): Promise<boolean> {
  context ??= new AudioContext();
  if (context.state !== 'running') await context.resume().catch(() => undefined);
  return context.state === 'running';
}

function beat(volume: number) {
  if (!context || context.state !== 'running') return;
  const start = context.currentTime;
  const gain = context.createGain();
  gain.connect(context.destination);
  gain.gain.setValueAtTime(0, start);
  for (let i = 0; i < 10; i++) {
    gain.gain.linearRampToValueAtTime(volume, start + i * 0.2 + 0.02);
    gain.gain.linearRampToValueAtTime(volume * 0.25, start + i * 0.2 + 0.18);
  }
  gain.gain.linearRampToValueAtTime(0, start + 2.05);
  for (const hertz of [784, 1047]) {
    const tone = context.createOscillator();
    tone.frequency.value = hertz;
    tone.connect(gain);
    tone.start(start);
    tone.stop(start + 2.1);
  }
}

/** Starts or stops the sound; calling twice changes nothing. */
export function ringAloud(on: boolean) {
  if (on && timer === null) {
    let count = 0;
    void allowSound().then(() => beat(0.15));
    timer = setInterval(() => beat(Math.min(0.5, 0.15 + 0.1 * ++count)), 3000);
  } else if (!on && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}
