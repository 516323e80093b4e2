// Without a microphone the officer is told, the others are not shown a voice, and the camera is closed as ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, startEngine } from './support/browser.mjs';

async function withoutMicrophone() {
  const at = await startEngine();
  await at.shows({});
  const camera = await at.questions.give('camera');
  await at.questions.refuse('microphone', 'NotFoundError');
  assert.deepEqual([at.local().voice, at.local().voiceTrouble], [false, 'missing']);
  assert.deepEqual(at.said(), { voice: false, picture: true });
  return { at, camera };
}

test('the key that stops the camera closes it', async () => {
  const { at, camera } = await withoutMicrophone();
  at.engine.setPicture(false);
  assert.equal(camera.readyState, 'ended');
  await settled();
  assert.deepEqual([at.local().preview, at.lets()], [null, { voice: false, picture: false }]);
});

test('hanging up closes the camera', async () => {
  const { at, camera } = await withoutMicrophone();
  await at.shows(null);
  assert.equal(camera.readyState, 'ended');
  assert.equal(at.local().preview, null);
});

test('a microphone that the browser never gives leaves the camera to its key and to hanging up', async () => {
  for (const end of [(at) => at.engine.setPicture(false), (at) => at.shows(null)]) {
    const at = await startEngine();
    await at.shows({});
    const camera = await at.questions.give('camera');
    await at.later(10_000);
    await end(at);
    await settled();
    assert.equal(camera.readyState, 'ended');
  }
});

test('the key that unmutes looks again, and says again that there is none', async () => {
  const { at } = await withoutMicrophone();
  at.engine.setVoice(true);
  await settled();
  await at.questions.refuse('microphone', 'NotFoundError');
  assert.deepEqual([at.local().voice, at.local().voiceTrouble], [false, 'missing']);
});
