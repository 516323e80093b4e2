// Rings have an output of their own and a second way to it, never fall silent by a setting, and whether they are heard is known before one comes.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

const storage = new Map();
/** Devices as the browser lists them. */
let connected = [];
const devicesChange = new EventTarget();

class FakeContext extends EventTarget {
  static allowed = true;
  static last = null;
  state = 'suspended';
  destination = {};
  beats = [];
  sink = '';
  stands = false;
  #time = 0;
  constructor() {
    super();
    FakeContext.last = this;
  }
  get currentTime() {
    return this.state === 'running' && !this.stands ? (this.#time += 1) : this.#time;
  }
  async resume() {
    if (!FakeContext.allowed) throw new DOMException('', 'NotAllowedError');
    if (this.state === 'running') return;
    this.state = 'running';
    this.dispatchEvent(new Event('statechange'));
  }
  async close() {
    this.state = 'closed';
  }
  async setSinkId(id) {
    if (id !== '' && !connected.some((one) => one.deviceId === id)) throw new DOMException('', 'NotFoundError');
    this.sink = id;
  }
  createGain() {
    const ramp = (volume) => this.beats.push(volume);
    return { gain: { setValueAtTime: () => undefined, linearRampToValueAtTime: ramp }, connect: () => undefined };
  }
  createOscillator() {
    return { frequency: {}, connect: () => undefined, start: () => undefined, stop: () => undefined };
  }
}

class FakeAudio {
  static allowed = true;
  static last = null;
  played = [];
  paused = true;
  sink = '';
  constructor() {
    FakeAudio.last = this;
  }
  async setSinkId(id) {
    this.sink = id;
  }
  async play() {
    if (!FakeAudio.allowed) throw new DOMException('', 'NotAllowedError');
    this.played.push({ src: this.src, volume: this.volume });
  }
}

Object.assign(globalThis, { AudioContext: FakeContext, Audio: FakeAudio });
for (const [name, value] of Object.entries({
  localStorage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, to) => void storage.set(key, to) },
  navigator: { mediaDevices: Object.assign(devicesChange, { enumerateDevices: async () => connected }) },
}))
  Object.defineProperty(globalThis, name, { value, configurable: true });

storage.set('trialogue-outputs', JSON.stringify({ ring: { id: '', label: 7 }, voices: 'x', volume: 0 }));
const { isMissing, keep, kept, lookForDevices, route, SOFTEST } = await import('../../src/media/outputs.ts');
const { allowSound, missingRing, onSound, ringAloud, tryRing } = await import('../../src/views/ringtone.ts');
const { LOUDEST, TONES, wav } = await import('../../src/views/tones.ts');

mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
const settled = async () => {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
};
const output = (deviceId, label) => ({ kind: 'audiooutput', deviceId, label });
const [desk, headset] = [output('d', 'Desk speaker'), output('h', 'Headset')];
const loudest = () => Math.max(0, ...FakeContext.last.beats);

beforeEach(async () => {
  FakeContext.allowed = true;
  FakeAudio.allowed = true;
  connected = [output('default', 'Default'), desk, headset];
  keep({ ring: null, voices: null, volume: 1 });
  await lookForDevices();
  await allowSound();
  FakeContext.last.beats = [];
});

test('what was stored and makes no sense is nothing that was chosen, and no volume is silence', async () => {
  const { kept: anew } = await import('../../src/media/outputs.ts?anew');
  assert.deepEqual(anew.value, { ring: null, voices: null, volume: 1 });
  storage.set('trialogue-outputs', JSON.stringify({ ring: { id: '', label: 7 }, voices: 'x', volume: 0 }));
  const { kept: bad } = await import('../../src/media/outputs.ts?bad');
  assert.deepEqual(bad.value, { ring: null, voices: null, volume: SOFTEST });
  for (const text of ['{', 'null', '7', '{"volume":9}']) {
    storage.set('trialogue-outputs', text);
    const { kept: odd } = await import(`../../src/media/outputs.ts?${encodeURIComponent(text)}`);
    assert.deepEqual(odd.value, { ring: null, voices: null, volume: 1 }, text);
  }
});

test('a choice is kept with its name, and says so while it is not there', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  keep({ ring: { id: 'd', label: 'Desk speaker' } });
  await settled();
  assert.equal(FakeContext.last.sink, 'd');
  assert.equal(heard.at(-1), 'sounds');
  assert.deepEqual(JSON.parse(storage.get('trialogue-outputs')).ring, { id: 'd', label: 'Desk speaker' });
  connected = [headset];
  await lookForDevices();
  await settled();
  assert.equal(heard.at(-1), 'elsewhere', 'it is told');
  assert.equal(FakeContext.last.sink, '', 'and rings on the system’s own');
  assert.equal(missingRing().label, 'Desk speaker');
  connected = [desk, headset];
  await lookForDevices();
  await settled();
  assert.equal(heard.at(-1), 'sounds', 'it is back');
  assert.equal(FakeContext.last.sink, 'd');
  end();
});

test('rings and voices have outputs of their own', async () => {
  keep({ ring: { id: 'd', label: 'Desk speaker' }, voices: { id: 'h', label: 'Headset' } });
  const { Sound } = await import('../../src/media/sound.ts');
  globalThis.MediaStream ??= class {};
  new Sound().attach({ slot: 0, places: [{ voice: true, stream: new MediaStream() }] });
  const end = onSound(() => undefined);
  await settled();
  assert.deepEqual([FakeAudio.last.sink, FakeContext.last.sink], ['h', 'd']);
  connected = [desk];
  await lookForDevices();
  await settled();
  assert.deepEqual(
    [FakeAudio.last.sink, FakeContext.last.sink],
    ['', 'd'],
    'one that is gone takes nothing from the other',
  );
  end();
});

test('a browser that names no devices is believed when it plays there, and when it does not', async () => {
  connected = [output('', '')];
  await lookForDevices();
  assert.ok(!isMissing({ id: 'd', label: '' }));
  assert.equal(await route({ setSinkId: async () => undefined }, { id: 'd', label: '' }), true);
  const tried = [];
  const refuses = async (id) => {
    tried.push(id);
    if (id !== '') throw new DOMException('', 'NotAllowedError');
  };
  assert.equal(await route({ setSinkId: refuses }, { id: 'd', label: '' }), false);
  assert.deepEqual(tried, ['d', '']);
  assert.equal(await route({}, null), true);
  assert.equal(await route({}, { id: 'd', label: '' }), false, 'a browser that lets nothing be chosen');
});

test('the softest ring is heard', async () => {
  const end = onSound(() => undefined);
  ringAloud('flash');
  assert.equal(loudest(), TONES.flash.from);
  ringAloud(null);
  FakeContext.last.beats = [];
  keep({ volume: SOFTEST });
  ringAloud('flash');
  assert.ok(Math.abs(loudest() - TONES.flash.from * SOFTEST) < 1e-9);
  assert.ok(kept.value.volume > 0);
  ringAloud(null);
  end();
});

test('where the context of sound does not run, a file sounds in its place, and it is told', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  keep({ ring: { id: 'd', label: 'Desk speaker' }, volume: 0.5 });
  await settled();
  FakeContext.allowed = false;
  FakeContext.last.state = 'suspended';
  FakeContext.last.dispatchEvent(new Event('statechange'));
  await settled();
  assert.equal(heard.at(-1), 'second');
  const played = FakeAudio.last.played.length;
  ringAloud('flash');
  await settled();
  assert.equal(FakeAudio.last.played.length, played + 1, 'at once');
  assert.equal(FakeAudio.last.played.at(-1).volume, 0.5);
  assert.equal(FakeAudio.last.sink, 'd', 'on the output of rings');
  mock.timers.tick(TONES.flash.every);
  await settled();
  assert.ok(FakeAudio.last.played.length > played + 1, 'with every beat');
  FakeAudio.allowed = false;
  mock.timers.tick(TONES.flash.every);
  await settled();
  assert.equal(heard.at(-1), 'silent', 'neither');
  FakeContext.allowed = true;
  mock.timers.tick(TONES.flash.every);
  await settled();
  assert.equal(heard.at(-1), 'sounds');
  assert.ok(!heard.includes('elsewhere'));
  ringAloud(null);
  end();
});

test('a browser that plays to no loudspeaker at all is told of, whatever it says of its sound', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  await settled();
  connected = [];
  await lookForDevices();
  assert.equal(heard.at(-1), 'mute');
  connected = [output('', '')];
  await lookForDevices();
  assert.equal(heard.at(-1), 'sounds', 'there is one, though it is not named');
  end();
});

test('a context whose clock stands still is broken, whatever it says, and is made anew', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  const hung = FakeContext.last;
  mock.timers.tick(3_000);
  hung.stands = true;
  mock.timers.tick(3_000);
  await settled();
  assert.equal(heard.at(-1), 'sounds', 'once may be the machine that woke up');
  mock.timers.tick(3_000);
  await settled();
  assert.equal(heard.at(-1), 'second');
  assert.equal(hung.state, 'closed');
  mock.timers.tick(1_000);
  await settled();
  assert.notEqual(FakeContext.last, hung);
  assert.equal(heard.at(-1), 'sounds');
  end();
});

test('a trial ring takes the way of a ring, ends by itself, and gives way to one', async () => {
  const end = onSound(() => undefined);
  let over = 0;
  tryRing(() => (over += 1));
  assert.equal(loudest(), LOUDEST, 'as loud as a ring becomes');
  mock.timers.tick(TONES.priority.every);
  assert.equal(over, 0);
  mock.timers.tick(TONES.priority.every);
  assert.equal(over, 1);
  tryRing(() => (over += 1));
  ringAloud('routine');
  assert.equal(over, 2, 'a ring came');
  FakeContext.last.beats = [];
  tryRing(() => (over += 1));
  assert.equal(over, 3, 'not while it rings');
  assert.deepEqual(FakeContext.last.beats, []);
  ringAloud(null);
  const stop = tryRing(() => (over += 1));
  stop();
  assert.equal(over, 4);
  stop();
  assert.equal(over, 4);
  end();
});

test('the file is a WAV file that holds the beat', () => {
  const tone = TONES.flashOverride;
  const bytes = wav(tone);
  const data = new DataView(bytes.buffer);
  const text = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  assert.deepEqual([text(0), text(8), text(12), text(36)], ['RIFF', 'WAVE', 'fmt ', 'data']);
  assert.equal(data.getUint32(4, true), bytes.length - 8);
  assert.equal(data.getUint32(40, true), bytes.length - 44);
  const rate = data.getUint32(24, true);
  assert.equal(bytes.length - 44, 2 * rate * tone.pulses * tone.length);
  let peak = 0;
  for (let at = 44; at < bytes.length; at += 2) peak = Math.max(peak, Math.abs(data.getInt16(at, true)));
  assert.ok(peak > 0x6000 && peak <= 0x7fff, `as loud as it can be: ${peak}`);
  const silence = wav(null);
  assert.ok(silence.subarray(44).every((byte) => byte === 0) && silence.length > 44);
});
