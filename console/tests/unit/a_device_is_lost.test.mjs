// A headset that is pulled out in a call mutes its officer and says so: nothing is sent that nobody hears, and no other microphone opens unasked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeTrack, settled, startEngine } from './support/browser.mjs';

const BOTH = { voice: true, picture: true };

async function inCall(at) {
  await at.shows({});
  return { camera: await at.questions.give('camera'), microphone: await at.questions.give('microphone') };
}

test('a microphone that is pulled out mutes, tells the officer and the others, and opens no other', async () => {
  const at = await startEngine();
  const { microphone } = await inCall(at);
  assert.deepEqual(at.said(), BOTH);
  microphone.lose();
  await settled();
  assert.deepEqual([at.local().voice, at.local().voiceTrouble], [false, 'lost']);
  assert.deepEqual(at.lets(), { voice: false, picture: true });
  assert.deepEqual(at.said(), { voice: false, picture: true });
  assert.equal(at.questions.of('microphone').length, 1);
});

test('the key that unmutes takes what there is then, though another one had been chosen', async () => {
  const at = await startEngine();
  await inCall(at);
  at.engine.choose('microphone', 'headset');
  const headset = await at.questions.give('microphone');
  headset.lose();
  at.engine.setVoice(true);
  await settled();
  assert.equal(at.questions.of('microphone').at(-1).id, null);
  await at.questions.give('microphone');
  assert.deepEqual([at.local().voice, at.local().voiceTrouble], [true, null]);
  assert.equal(at.said().voice, true);
});

test('a camera that is pulled out takes the picture with it and leaves the voice', async () => {
  const at = await startEngine();
  const { camera } = await inCall(at);
  assert.equal(at.local().preview.getTracks()[0], camera);
  camera.lose();
  await settled();
  assert.deepEqual([at.local().picture, at.local().pictureTrouble, at.local().preview], [false, 'lost', null]);
  assert.deepEqual(at.said(), { voice: true, picture: false });
});

test('a microphone that is lost while its officer is muted is not spoken into later', async () => {
  const at = await startEngine();
  const { microphone } = await inCall(at);
  at.engine.setVoice(false);
  microphone.lose();
  await settled();
  assert.equal(at.local().voiceTrouble, 'lost');
  at.engine.setVoice(true);
  assert.deepEqual(at.lets(), { voice: false, picture: true }, 'nothing before there is another one');
  await at.questions.give('microphone');
  assert.deepEqual(at.said(), BOTH);
});

test('what was lost between the question and the answer is lost', async () => {
  const at = await startEngine();
  await at.shows({});
  const gone = new FakeTrack();
  gone.lose();
  await at.questions.give('microphone', undefined, gone);
  assert.deepEqual([at.local().voice, at.local().voiceTrouble], [false, 'lost']);
  assert.equal(at.lets().voice, false);
});

test('what the console itself closes is not lost', async () => {
  const at = await startEngine();
  const { camera, microphone } = await inCall(at);
  at.engine.setPicture(false);
  await at.shows(null);
  for (const track of [camera, microphone]) track.dispatchEvent(new Event('ended'));
  await settled();
  assert.deepEqual([at.local().voiceTrouble, at.local().pictureTrouble], [null, null]);
});

test('a microphone that is refused mutes and says why; the camera goes on', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.questions.give('camera');
  for (const [name, trouble] of [
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['NotReadableError', 'busy'],
    ['TypeError', 'failed'],
  ]) {
    at.engine.setVoice(true);
    await settled();
    await at.questions.refuse('microphone', name);
    assert.deepEqual([at.local().voice, at.local().voiceTrouble], [false, trouble]);
    assert.deepEqual(at.said(), { voice: false, picture: true });
  }
});

test('a muted microphone stays open through the call and is closed with it; a camera that is off is closed', async () => {
  const at = await startEngine();
  const { camera, microphone } = await inCall(at);
  at.engine.setVoice(false);
  at.engine.setPicture(false);
  await settled();
  assert.deepEqual([microphone.readyState, camera.readyState], ['live', 'ended']);
  assert.deepEqual(at.lets(), { voice: false, picture: false });
  at.engine.setVoice(true);
  await settled();
  assert.equal(at.said().voice, true, 'at once');
  await at.shows(null);
  assert.equal(microphone.readyState, 'ended');
});

test('who listens, is held, or hides the marking sends nothing from that moment on', async () => {
  const at = await startEngine();
  await inCall(at);
  for (const floor of ['listening', 'held']) {
    await at.shows({ floor });
    assert.deepEqual(
      [at.lets(), at.said()],
      [
        { voice: false, picture: false },
        { voice: false, picture: false },
      ],
      floor,
    );
    await at.shows({});
    await at.questions.give('camera');
    assert.deepEqual([at.lets(), at.said()], [BOTH, BOTH]);
  }
  at.engine.marked(false);
  assert.deepEqual(at.lets(), { voice: false, picture: false }, 'before anything else has had its turn');
});
