// A browser may ask its user for a device for as long as it likes, and a driver may never answer: nothing else waits for that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, startEngine } from './support/browser.mjs';

const ONLY_VOICE = { voice: true, picture: false };
const NOTHING = { voice: false, picture: false };

test('the voice goes out while the browser still asks for the camera', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.questions.give('microphone');
  assert.equal(at.questions.of('camera').length, 1);
  assert.deepEqual(at.lets(), ONLY_VOICE);
  assert.deepEqual(at.said(), ONLY_VOICE, 'and the others are told so');
});

test('hanging up closes the microphone while the browser still asks for the camera', async () => {
  const at = await startEngine();
  await at.shows({});
  const microphone = await at.questions.give('microphone');
  await at.shows(null);
  assert.equal(microphone.readyState, 'ended');
  assert.deepEqual(at.lets(), NOTHING);
});

test('a camera that is given after the officer has hung up is closed at once', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.shows(null);
  const camera = await at.questions.give('camera');
  assert.equal(camera.readyState, 'ended');
  assert.equal(at.local().preview, null);
  assert.deepEqual(at.lets(), NOTHING);
});

test('the next call has a voice, though a camera never answered in the one before', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.questions.give('microphone');
  await at.shows(null);
  await at.shows({});
  await at.questions.give('microphone');
  assert.deepEqual(at.said(), ONLY_VOICE);
});

test('mute and unmute act while the browser still asks for the camera', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.questions.give('microphone');
  at.engine.setVoice(false);
  await settled();
  assert.deepEqual(at.lets(), NOTHING);
  assert.deepEqual(at.said(), NOTHING, 'the others are told of the mute');
  at.engine.setVoice(true);
  await settled();
  assert.deepEqual(at.lets(), ONLY_VOICE);
  assert.deepEqual(at.said(), ONLY_VOICE);
});

test('another microphone is opened while the first one does not answer, and the first one is closed when it does', async () => {
  const at = await startEngine();
  await at.shows({});
  at.engine.choose('microphone', 'headset');
  await settled();
  const [first, second] = at.questions.of('microphone');
  assert.deepEqual([first.id, second?.id], [null, 'headset']);
  await at.questions.give('microphone');
  assert.deepEqual(at.said(), ONLY_VOICE);
  const late = await at.questions.give('microphone', first);
  assert.equal(late.readyState, 'ended');
  assert.deepEqual(at.said(), ONLY_VOICE);
});

test('the officer is told after ten seconds, and it counts when it comes all the same', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.later(9_999);
  assert.equal(at.local().voiceTrouble, null);
  await at.later(1);
  assert.deepEqual([at.local().voiceTrouble, at.local().voice], ['waiting', true]);
  await at.questions.give('microphone');
  assert.equal(at.local().voiceTrouble, null);
  assert.deepEqual(at.said(), ONLY_VOICE);
});

test('whoever does not want it any more is not told that it is waited for', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.later(10_000);
  at.engine.setVoice(false);
  assert.equal(at.local().voiceTrouble, null);
});

test('keys pressed fast ask the browser once, and end in the last state asked for', async () => {
  const at = await startEngine();
  await at.shows({});
  for (let presses = 0; presses < 100; presses++) at.engine.setVoice(presses % 2 === 1);
  assert.equal(at.questions.of('microphone').length, 1);
  await at.questions.give('microphone');
  assert.deepEqual(at.said(), ONLY_VOICE);
});

test('a browser that answers nothing is asked four times for a device, and not more', async () => {
  const at = await startEngine();
  await at.shows({});
  for (let presses = 0; presses < 20; presses++) {
    await at.later(10_000);
    at.engine.setVoice(false);
    at.engine.setVoice(true);
  }
  await settled();
  assert.equal(at.questions.of('microphone').length, 4);
  assert.equal(at.local().voiceTrouble, 'waiting');
});
