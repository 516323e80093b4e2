// Legs that come, are refused, fall out of date or lose their seal: nothing leaves over one that is not whole, and none holds up the other.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Legs } from '../../src/media/legs.ts';
import { settled } from './support/browser.mjs';

let log, told, made, worker;

/** A leg that does as it is told; a test has one of its acts go wrong. */
class FakeLeg {
  constructor(worker, slot, number, up) {
    Object.assign(this, { worker, slot, number, up, isClosed: false, voice: null, picture: null });
    this.connection = { connectionState: 'connected' };
    made.push(this);
  }
  offer = async () => `offer ${this.number}`;
  answer = async () => undefined;
  reseal = (worker) => (this.worker = worker);
  sendVoice = async (track) => (this.voice = track);
  sendPicture = async (track) => (this.picture = track);
  loudness = async () => 0.5;
  stats = async () => [
    { type: 'inbound-rtp', mid: '2', packetsReceived: 7 },
    { type: 'outbound-rtp', kind: 'audio' },
  ];
  place = (mid) => ({ stream: `${this.number} ${mid}` });
  close = () => (this.isClosed = true);
}

beforeEach(() => {
  [log, told, made, worker] = [[], [], [], 'first worker'];
  globalThis.RTCPeerConnection = globalThis.RTCRtpScriptTransform = class {};
});

const around = () => ({
  sealer: () => worker,
  tell: (message) => told.push(message),
  made: () => undefined,
  log: (line) => log.push(line),
});
const legs = (Kind = FakeLeg) => new Legs(around(), (...of) => new Kind(...of));

test('a browser without transforms gets no leg', async () => {
  delete globalThis.RTCRtpScriptTransform;
  assert.equal(await legs().make(0, 1), false);
  assert.deepEqual([made, told], [[], []]);
});

test('a leg is offered under its own number, and says when it is up and down', async () => {
  const all = legs();
  assert.equal(await all.make(0, 1), true);
  made[0].up(true);
  assert.deepEqual(told, [
    { kind: 'offer', slot: 0, leg: 1, sdp: 'offer 1' },
    { kind: 'leg', slot: 0, leg: 1, up: true },
  ]);
});

test('one that was replaced while it made its offer says nothing more', async () => {
  let offer;
  const all = legs(
    class extends FakeLeg {
      offer = () => (this.number === 1 ? new Promise((resolve) => (offer = resolve)) : Promise.resolve('second'));
    },
  );
  const first = all.make(0, 1);
  await all.make(0, 2);
  offer('late');
  assert.equal(await first, false);
  made[0].up(true);
  assert.ok(made[0].isClosed);
  assert.deepEqual(told, [{ kind: 'offer', slot: 0, leg: 2, sdp: 'second' }]);
});

test('one that cannot be offered is closed, and never gets a track', async () => {
  const all = legs(
    class extends FakeLeg {
      offer = () => Promise.reject(new Error('unexpected order of media sections'));
    },
  );
  assert.equal(await all.make(0, 1), false);
  await all.send('voice', 'track');
  assert.deepEqual([made[0].isClosed, made[0].voice, told], [true, null, []]);
  assert.match(log[0], /unexpected order/);
});

test('one whose answer is not as agreed is closed and said to be unfit', async () => {
  const all = legs(
    class extends FakeLeg {
      answer = () => Promise.reject(new Error('the leg is not as agreed: a data channel'));
    },
  );
  await all.make(1, 4);
  await all.answer({ slot: 1, leg: 4, sdp: '' });
  assert.ok(made[0].isClosed);
  assert.deepEqual(told.at(-1), { kind: 'unfit', slot: 1, leg: 4, why: 'the leg is not as agreed: a data channel' });
});

test('what is said of an older leg of the slot counts for nothing', async () => {
  const all = legs();
  await all.make(0, 1);
  await all.make(0, 2);
  assert.equal(all.place({ slot: 0, leg: 1, mid: '2', device: 'b2', voice: false }), false);
  await all.answer({ slot: 0, leg: 1, sdp: '' });
  assert.equal(all.picture('b2'), null);
  assert.equal(all.place({ slot: 0, leg: 2, mid: '2', device: 'b2', voice: false }), true);
  assert.equal(all.picture('b2'), '2 2');
});

test('a place has one sender at a time, and a new leg has nobody at any place', async () => {
  const all = legs();
  await all.make(0, 1);
  for (const device of ['b2', 'c3']) all.place({ slot: 0, leg: 1, mid: '2', device, voice: false });
  assert.deepEqual([all.picture('b2'), all.picture('c3')], [null, '1 2']);
  await all.make(0, 2);
  assert.equal(all.picture('c3'), null);
});

test('the voice goes over both legs, the picture over the one in use', async () => {
  const all = legs();
  await all.make(0, 1);
  await all.make(1, 2);
  for (const slot of [0, 1]) {
    all.use(slot);
    await all.send('voice', 'voice');
    await all.send('picture', 'picture');
    assert.deepEqual(
      made.map(({ voice, picture }) => [voice, picture]),
      [0, 1].map((at) => ['voice', at === slot ? 'picture' : null]),
    );
  }
});

test('a leg that does not take a new worker is closed and said to be down; the other one is sealed anew', async () => {
  const all = legs(
    class extends FakeLeg {
      reseal = (worker) => {
        if (this.number === 1) throw new DOMException('', 'InvalidStateError');
        this.worker = worker;
      };
    },
  );
  await all.make(0, 1);
  await all.make(1, 2);
  all.reseal('second worker');
  assert.ok(made[0].isClosed);
  assert.deepEqual(told.at(-1), { kind: 'leg', slot: 0, leg: 1, up: false });
  assert.deepEqual([made[1].worker, made[1].isClosed], ['second worker', false]);
});

test('a browser that is slow to tell how loud a voice is is asked once', async () => {
  let asked = 0;
  let tell;
  const all = legs(
    class extends FakeLeg {
      loudness = () => (asked++, new Promise((resolve) => (tell = resolve)));
    },
  );
  await all.make(0, 1);
  all.place({ slot: 0, leg: 1, mid: '3', device: 'b2', voice: true });
  for (let looks = 0; looks < 10; looks++) void all.listen(true);
  assert.equal(asked, 1);
  tell(0.25);
  await settled();
  assert.equal(all.level('b2'), 0.25);
  void all.listen(true);
  assert.equal(asked, 2);
  await all.listen(false);
  assert.equal(all.level('b2'), 0, 'outside of a call nobody is loud');
});

test('figures are those of the leg in use, by who is at its places', async () => {
  const all = legs();
  await all.make(1, 3);
  all.place({ slot: 1, leg: 3, mid: '2', device: 'b2', voice: true });
  assert.deepEqual((await all.measure()).inbound, []);
  all.use(1);
  assert.deepEqual(await all.measure(), {
    inbound: [{ device: 'b2', medium: 'voice', mid: '2', type: 'inbound-rtp', packetsReceived: 7 }],
    outbound: [{ type: 'outbound-rtp', kind: 'audio' }],
    connection: 'connected',
    site: 1,
    legs: ['none', 'connected'],
  });
});

test('when all are closed, the first site is the one in use again', async () => {
  const all = legs();
  await all.make(1, 3);
  all.use(1);
  all.close();
  assert.ok(made[0].isClosed);
  assert.deepEqual((await all.measure()).site, 0);
});
