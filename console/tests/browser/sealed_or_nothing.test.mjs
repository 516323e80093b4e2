// The media worker and the leg alone, against a far end made in the same page: nothing leaves without a key, nothing is shown that
// is not by the place's sender, frames may come before their keys, muted means no packets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBench } from './support/bench.mjs';
import { PATIENCE } from './support/officer.mjs';

let bench;

before(async () => {
  bench = await startBench('far_end.ts', 'setUp');
  await bench.page.waitForFunction(() => globalThis.bench.connected());
});

after(() => bench?.stop());

const figures = () => bench.run('figures');
const run = (...call) => bench.run(...call);

async function until(what, wanted) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const now = await figures();
    if (wanted(now)) return now;
    if (Date.now() > end) throw new Error(`never came: ${what}\n${JSON.stringify(now, null, 1)}`);
    await bench.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
  }
}

test('without a key not one packet of media leaves', async () => {
  await run('speak');
  const now = await until('frames are held back', (f) => f.near.dropped.voice > 50 && f.near.dropped.picture > 5);
  assert.deepEqual([now.near.passed.voice, now.near.passed.picture], [0, 0]);
  assert.deepEqual(now.sent, { audio: 0, video: 0 });
});

test('with a key the far end opens voice and picture', async () => {
  await run('seal');
  await until('both media are opened there', (f) => f.far.passed.voice > 50 && f.far.passed.picture > 10);
});

test('from the key press on no frame is let out, though the encoders go on', async () => {
  await run('allow', false);
  const start = await figures();
  const end = await until(
    'frames are held back',
    (f) =>
      f.near.dropped.voice > start.near.dropped.voice + 50 && f.near.dropped.picture > start.near.dropped.picture + 5,
  );
  assert.deepEqual(end.near.passed, start.near.passed);
  await run('allow', true);
  await until(
    'both are opened there again',
    (f) => f.far.passed.voice > start.far.passed.voice + 50 && f.far.passed.picture > start.far.passed.picture + 10,
  );
});

test('muted and camera off: not one packet more', async () => {
  await run('mute');
  // A frame that was being encoded or paced at that moment may still leave: half a second of the far end's voice later it has.
  const muted = await figures();
  await until('the last packets are out', (f) => f.received.audio > muted.received.audio + 25);
  const start = await figures();
  // The far end keeps talking: time passes by its packets, not by a clock.
  await until('the far end goes on', (f) => f.received.audio > start.received.audio + 100);
  assert.deepEqual((await figures()).sent, start.sent);
});

test('what comes before its key is held, opened with it, and shown only from its own sender', async () => {
  const before = await until('frames wait', (f) => f.received.audio > 20);
  assert.equal(before.near.opened, 0, 'nobody has the place');
  assert.ok(before.energy < 1e-9 && before.framesDecoded === 0, `sealed frames reached the decoder: ${before.energy}`);
  await run('place', 'b2');
  await run('open', 'c3');
  const wrong = await until('more frames come', (f) => f.received.audio > before.received.audio + 50);
  assert.equal(wrong.near.opened, 0, 'a key of another than the place\u2019s sender opens nothing');
  await run('open', 'b2');
  await until('voice and picture are opened', (f) => f.near.voiceOf.b2 > 50 && f.near.pictureOf.b2 > 10);
  const shown = await until(
    'the picture is decoded, the voice has energy',
    (f) => f.framesDecoded > 10 && f.energy > 0.0001,
  );
  assert.ok(shown.framesDecoded > 10);
  await until('the loudness for the tile', (f) => f.level > 0.01);
});

test('somebody with the keys of the group who seals as the far end is not heard, and told of', async () => {
  const before = await figures();
  await run('forge');
  const forged = await until('the worker says whose place it was', (f) => f.suspects.includes('b2 forged'));
  await until('more frames come', (f) => f.received.audio > forged.received.audio + 50);
  const after = await figures();
  const still = await until('more frames come', (f) => f.received.audio > after.received.audio + 50);
  assert.equal(still.near.voiceOf.b2, after.near.voiceOf.b2, 'not one frame of the forger is opened');
  assert.ok(after.near.voiceOf.b2 >= before.near.voiceOf.b2);
  await run('honest');
  await until('the far end itself is heard again', (f) => f.near.voiceOf.b2 > still.near.voiceOf.b2 + 20);
});

test('a frame whose key never comes holds up no other, and what waits passes in order', async () => {
  const passed = await bench.page.evaluate(async () => {
    const { Hold, HOLD_MAX } = await import('/src/media/hold.ts');
    const [hold, known, passed] = [new Hold(), new Set([2]), []];
    let lost = 0;
    hold.attach({ open: ({ key, at }) => known.has(key) && passed.push(at) > 0, lost: () => lost++ });
    // 1 is of before this console was let in; 3 overtook its key.
    [1, 2, 3, 2, 3].forEach((key, at) => hold.push({ key, at }));
    known.add(3);
    hold.release();
    for (let at = 0; at < 2 * HOLD_MAX; at++) hold.push({ key: 1, at });
    return { passed, lost };
  });
  assert.deepEqual(passed, { passed: [1, 3, 2, 4], lost: 65 });
});

test('a new media worker takes over with a new key', async () => {
  const passed = (await figures()).far.passed.voice;
  await run('speak');
  await run('replaceWorker');
  await until(
    'the far end opens what the new worker seals',
    (f) => f.far.passed.voice > passed + 50 && f.near.voiceOf.b2 > 50,
  );
});
