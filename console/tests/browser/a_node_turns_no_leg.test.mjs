// A hostile own node against its officer's browser: whatever it makes of the answer, nothing leaves that tells speech from silence.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBench } from './support/bench.mjs';
import { PATIENCE } from './support/officer.mjs';

let bench;

before(async () => {
  bench = await startBench('turned.ts', 'setUpTurned');
});

after(() => bench?.stop());

const run = (...call) => bench.run(...call);

/** Packets of voice until there are so many more, looked at as often as the page is drawn. */
async function sizes(more) {
  const start = await run('packets');
  const seen = new Set();
  for (let last = start, end = Date.now() + PATIENCE; last.sent < start.sent + more;) {
    if (Date.now() > end) throw new Error(`never came: ${more} packets, ${JSON.stringify([start, last])}`);
    await bench.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
    const now = await run('packets');
    if (now.sent > last.sent) seen.add((now.bytes - last.bytes) / (now.sent - last.sent));
    last = now;
  }
  return [...seen];
}

test('packets of voice have one size and one rate, in speech and in silence', async () => {
  assert.equal(await run('honest'), null, 'the leg of an honest node is as agreed');
  await run('loud', true);
  const speech = await sizes(150);
  await run('loud', false);
  // They go on in silence, and are of that size.
  const silence = await sizes(150);
  assert.equal(speech.length, 1, `sizes in speech: ${speech}`);
  assert.deepEqual(silence, speech);
});

test('no answer turns the voice: the leg is refused and not one packet leaves', async () => {
  for (const name of await run('turns')) {
    const { refused, sent, honest } = await run('turned', name);
    assert.equal(honest, null, `${name}: the leg of an honest node is not disturbed`);
    assert.equal(sent, 0, `${name}: packets left`);
    assert.ok(refused, `${name}: nobody noticed`);
  }
});
