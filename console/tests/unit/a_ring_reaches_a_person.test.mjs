// A ring is heard although a device failed, seen although the page is behind others, and the screen does not sleep meanwhile.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

/** What a page has, as far as these need it. */
const page = { visible: true, focused: true };
const events = new EventTarget();
const documentEvents = new EventTarget();

class FakeContext extends EventTarget {
  static made = [];
  static allowed = true;
  state = 'suspended';
  #time = 0;
  /** A context that runs goes on. */
  get currentTime() {
    return this.state === 'running' ? (this.#time += 1) : this.#time;
  }
  destination = {};
  beats = 0;
  constructor() {
    super();
    FakeContext.made.push(this);
  }
  change(state) {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
  async resume() {
    if (!FakeContext.allowed) throw new Error('no gesture');
    if (this.state !== 'running') this.change('running');
  }
  async close() {
    this.state = 'closed';
  }
  createGain() {
    const ramp = () => undefined;
    return { gain: { setValueAtTime: ramp, linearRampToValueAtTime: ramp }, connect: () => undefined };
  }
  createOscillator() {
    this.beats += 1;
    return { frequency: {}, connect: () => undefined, start: () => undefined, stop: () => undefined };
  }
}

/** The second way: it plays nothing before somebody has pressed a key. */
class FakeAudio {
  static allowed = false;
  paused = true;
  async play() {
    if (!FakeAudio.allowed) throw new DOMException('', 'NotAllowedError');
  }
}

class FakeNotification {
  static permission = 'granted';
  static open = [];
  static async requestPermission() {
    FakeNotification.permission = 'granted';
  }
  constructor(title, options) {
    Object.assign(this, { title, ...options });
    FakeNotification.open.push(this);
  }
  close() {
    FakeNotification.open = FakeNotification.open.filter((one) => one !== this);
  }
}

const locks = { asked: 0, held: [], refused: false };
Object.assign(globalThis, {
  AudioContext: FakeContext,
  Audio: FakeAudio,
  Notification: FakeNotification,
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events),
  focus: () => undefined,
  document: Object.assign(documentEvents, { hasFocus: () => page.focused }),
});
Object.defineProperty(documentEvents, 'visibilityState', { get: () => (page.visible ? 'visible' : 'hidden') });
Object.defineProperty(globalThis, 'navigator', {
  value: {
    wakeLock: {
      async request() {
        locks.asked += 1;
        if (locks.refused) throw new Error('the battery is low');
        const lock = { released: false, release: async () => void (lock.released = true) };
        locks.held.push(lock);
        return lock;
      },
    },
  },
});

function look(visible) {
  Object.assign(page, { visible, focused: visible });
  documentEvents.dispatchEvent(new Event('visibilitychange'));
}
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

const { allowSound, onSound, ringAloud } = await import('../../src/views/ringtone.ts');
const { allowed, ask, notify, watch } = await import('../../src/views/notices.ts');
const { keepAwake } = await import('../../src/views/awake.ts');

mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });

beforeEach(async () => {
  look(true);
  FakeContext.allowed = true;
  FakeNotification.permission = 'granted';
  FakeNotification.open = [];
  locks.refused = false;
  await allowSound();
});

test('a sound that a device error has ended is made anew, and it is told in between', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  const last = FakeContext.made.at(-1);
  last.state = 'closed';
  ringAloud('flash');
  await settled();
  const made = FakeContext.made.at(-1);
  assert.notEqual(made, last);
  assert.ok(made.beats > 0, 'the ring is heard');
  made.dispatchEvent(new Event('error'));
  assert.equal(heard.at(-1), 'silent', 'nothing is heard any more');
  mock.timers.tick(1_000);
  await settled();
  assert.equal(heard.at(-1), 'sounds');
  assert.notEqual(FakeContext.made.at(-1), made);
  ringAloud(null);
  end();
});

test('a ring that sounds tries again with each beat, and what the system took away comes back by itself', async () => {
  const heard = [];
  const end = onSound((sound) => heard.push(sound));
  const at = FakeContext.made.at(-1);
  FakeContext.allowed = false;
  at.change('suspended');
  await settled();
  assert.equal(heard.at(-1), 'silent', 'the officer is told');
  ringAloud('immediate');
  await settled();
  assert.equal(at.beats, 0);
  FakeContext.allowed = true;
  mock.timers.tick(1_500);
  await settled();
  assert.equal(heard.at(-1), 'sounds');
  mock.timers.tick(1_500);
  assert.ok(at.beats > 0);
  at.change('suspended');
  await settled();
  assert.equal(at.state, 'running');
  ringAloud(null);
  end();
});

test('the system shows a ring only while the page is not looked at, and once', () => {
  const end = watch(() => undefined);
  const ring = { key: 'call 1', title: 'Incoming ring', body: 'Duty officers, flash' };
  notify(ring);
  assert.equal(FakeNotification.open.length, 0, 'it is looked at');
  look(false);
  assert.deepEqual(
    FakeNotification.open.map((one) => [one.title, one.body, one.requireInteraction]),
    [['Incoming ring', 'Duty officers, flash', true]],
  );
  notify({ ...ring });
  assert.equal(FakeNotification.open.length, 1, 'once');
  FakeNotification.open[0].onclick();
  assert.equal(FakeNotification.open.length, 0);
  notify({ ...ring });
  assert.equal(FakeNotification.open.length, 0, 'who has seen it is not told again');
  notify({ ...ring, key: 'call 2' });
  assert.equal(FakeNotification.open.length, 1, 'another one is');
  notify(null);
  assert.equal(FakeNotification.open.length, 0, 'it does not ring any more');
  notify(ring);
  look(true);
  assert.equal(FakeNotification.open.length, 0, 'it is looked at again');
  look(false);
  end();
  assert.equal(FakeNotification.open.length, 0);
});

test('a page behind another window is not looked at, though it is visible', () => {
  const end = watch(() => undefined);
  notify({ key: 'call 3', title: 'Incoming ring', body: '' });
  page.focused = false;
  events.dispatchEvent(new Event('blur'));
  assert.equal(FakeNotification.open.length, 1);
  page.focused = true;
  events.dispatchEvent(new Event('focus'));
  assert.equal(FakeNotification.open.length, 0);
  end();
});

test('a browser that forbids notifications is believed, and asked once by the officer', async () => {
  const told = [];
  const end = watch((is) => told.push(is));
  FakeNotification.permission = 'denied';
  notify({ key: 'call 4', title: 'Incoming ring', body: '' });
  look(false);
  assert.equal(FakeNotification.open.length, 0);
  assert.equal(await ask(), 'denied', 'what the officer denied is not asked again');
  FakeNotification.permission = 'default';
  assert.equal(await ask(), 'granted');
  assert.equal(FakeNotification.open.length, 1, 'what rings is shown at once');
  assert.deepEqual([told[0], told.at(-1)], ['granted', 'granted']);
  assert.ok(told.includes('denied'));
  delete globalThis.Notification;
  assert.equal(allowed(), 'missing');
  globalThis.Notification = FakeNotification;
  end();
});

test('the screen stays awake, also after the page was hidden or the browser refused', async () => {
  const end = keepAwake();
  await settled();
  assert.equal(locks.held.length, 1);
  locks.held[0].released = true;
  look(false);
  await settled();
  assert.equal(locks.held.length, 1, 'not while it is hidden');
  locks.refused = true;
  look(true);
  await settled();
  locks.refused = false;
  mock.timers.tick(30_000);
  await settled();
  assert.equal(locks.held.length, 2);
  const asked = locks.asked;
  mock.timers.tick(60_000);
  await settled();
  assert.equal(locks.asked, asked, 'it is held');
  end();
  await settled();
  assert.ok(locks.held[1].released);
});

test('who ends while the lock is being asked for gives it back', async () => {
  const end = keepAwake();
  end();
  await settled();
  assert.ok(locks.held.every((lock) => lock.released));
});
