// Workers may crash, hang or not come at any moment: nothing leaves meanwhile, nobody waits for them for ever, and another takes their place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, startEngine } from './support/browser.mjs';

const count = (at, name) => at.workers.filter((worker) => worker.name === name).length;

/** The media worker answers what it was asked, each second for so many. */
async function lives(at, seconds = 1) {
  for (let second = 0; second < seconds; second++) {
    at.worker('media').say({ kind: 'counts', counts: [] });
    await at.later(1_000);
  }
}

test('the keys worker dies in a call: another comes in again to the same call, muted if it was muted', async () => {
  const at = await startEngine();
  await at.shows({});
  at.engine.setVoice(false);
  const [keys, media] = [at.worker('keys'), at.worker('media')];
  keys.fail('out of memory');
  assert.equal(at.view().trouble.kind, 'worker', 'it is said at once');
  assert.ok(media.isEnded, 'nothing is sealed from now on');
  await at.later(500);
  assert.ok(keys.isEnded);
  assert.notEqual(at.worker('keys'), keys);
  assert.equal(at.worker('keys').last('start').resume, 'duty');
  assert.deepEqual(
    at
      .worker('keys')
      .told.slice(0, 2)
      .map(({ kind }) => kind),
    ['media', 'start'],
    'with a way to a new media worker',
  );
  assert.notEqual(at.worker('media'), media);
  await at.shows(null);
  await at.shows({});
  assert.deepEqual([at.local().voice, at.local().picture], [false, true]);
});

test('its key of the passkey goes to the next one and not over the page', async () => {
  const at = await startEngine();
  const old = at.worker('keys');
  old.say({ kind: 'broken', why: 'unreachable' });
  const left = old.last('bequeath').port;
  await at.later(500);
  const heir = at.worker('keys').last('start').heir;
  const came = new Promise((resolve) => (heir.onmessage = ({ data }) => resolve(data)));
  left.postMessage('the key');
  assert.equal(await came, 'the key');
  heir.close();
});

test('one that breaks again and again is started ever more seldom, until it is up', async () => {
  const at = await startEngine();
  for (const after of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    at.worker('keys').fail('');
    const before = count(at, 'keys');
    await at.later(after - 1);
    assert.equal(count(at, 'keys'), before);
    await at.later(1);
    assert.equal(count(at, 'keys'), before + 1, `after ${after} ms`);
  }
  await at.shows(null);
  at.worker('keys').fail('');
  await at.later(500);
  assert.equal(count(at, 'keys'), 9);
});

test('what a worker that is gone still says counts for nothing', async () => {
  const at = await startEngine();
  const old = at.worker('keys');
  old.fail('');
  old.say({ kind: 'view', view: { node: 'up', trouble: null, call: null } });
  old.fail('again');
  assert.equal(at.view(), null);
  await at.later(500);
  assert.equal(count(at, 'keys'), 2);
});

test('nobody who asked it anything waits for ever, whether it was asked before it died or after', async () => {
  const at = await startEngine();
  const asked = [at.engine.authority(), at.engine.enrol('#enrol=a', false)];
  await settled();
  at.worker('keys').fail('');
  asked.push(at.engine.authority(), at.engine.enrol('#enrol=a', false));
  const ended = await Promise.allSettled(asked);
  assert.deepEqual(
    ended.map(({ value, reason }) => reason?.trouble ?? value),
    [null, 'failed', null, 'failed'],
  );
  await at.later(500);
  const again = at.engine.authority();
  at.worker('keys').say({ kind: 'authority', authority: 'the charter’s' });
  assert.equal(await again, 'the charter’s', 'and the next answer is to the next question');
});

test('an answer to what nobody waits for any more is not taken for the answer to what was asked since', async () => {
  const at = await startEngine();
  const first = at.engine.enrol('#enrol=a', false);
  await settled();
  const second = at.engine.enrol('#enrol=b', false);
  await assert.rejects(first, { trouble: 'cancelled' });
  at.worker('keys').say({ kind: 'failed', why: 'the link was used' });
  at.worker('keys').say({ kind: 'done' });
  await settled();
  at.worker('keys').say({ kind: 'done' });
  await second;
});

test('a device whose worker died while its owner was at the passkey is not said to be enrolled', async () => {
  const at = await startEngine();
  let made;
  class PublicKeyCredential {
    rawId = new Uint8Array(16).buffer;
    getClientExtensionResults = () => ({ prf: { enabled: true, results: { first: new Uint8Array(32) } } });
  }
  globalThis.PublicKeyCredential = PublicKeyCredential;
  navigator.credentials = { create: () => new Promise((resolve) => (made = () => resolve(new PublicKeyCredential()))) };
  const enrolled = at.engine.enrol('#enrol=a', true);
  await settled();
  at.worker('keys').say({ kind: 'done' });
  await settled();
  at.worker('keys').fail('');
  await at.later(500);
  made();
  await assert.rejects(enrolled, { trouble: 'failed' });
  assert.equal(at.worker('keys').last('keep'), undefined, 'the next worker seals nothing under that passkey');
});

test('a media worker that hangs is replaced within four seconds, and the new one lets out what the old one did', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.questions.give('microphone');
  await lives(at);
  const [old, keys] = [at.worker('media'), at.worker('keys')];
  const ways = () => keys.told.filter(({ kind }) => kind === 'media').length;
  assert.equal(ways(), 1);
  await at.later(4_000);
  assert.ok(old.isEnded);
  assert.equal(count(at, 'media'), 2);
  assert.equal(ways(), 2, 'the keys worker gives it keys of a new generation');
  assert.deepEqual(at.lets(), { voice: true, picture: false });
});

test('a machine that slept wakes with the media worker that it had', async () => {
  const at = await startEngine();
  await lives(at);
  const now = performance.now;
  // The clock goes on while the page and its worker stand still.
  performance.now = () => now.call(performance) + 20_000;
  await at.later(1_000);
  await lives(at, 3);
  performance.now = now;
  assert.equal(count(at, 'media'), 1);
});

test('a page in the background, whose timers are kept back, takes no worker for dead', async () => {
  const at = await startEngine();
  await lives(at);
  document.visibilityState = 'hidden';
  await at.later(60_000);
  assert.equal(count(at, 'media'), 1);
});

test('a media worker that says that it is broken is replaced at the next second, hidden or not', async () => {
  const at = await startEngine();
  await lives(at);
  document.visibilityState = 'hidden';
  at.worker('media').say({ kind: 'broken', why: 'unreachable' });
  await at.later(1_000);
  assert.equal(count(at, 'media'), 2);
});

test('one that never loads is tried again ever more seldom', async () => {
  const at = await startEngine();
  const starts = [];
  for (let second = 1; second <= 60; second++) {
    at.worker('media').fail('404');
    const before = count(at, 'media');
    await at.later(1_000);
    if (count(at, 'media') > before) starts.push(second);
  }
  assert.deepEqual(starts, [1, 3, 7, 15, 31, 47]);
});

test('an error that a living media worker gets over replaces nothing', async () => {
  const at = await startEngine();
  await lives(at);
  at.worker('media').fail('not a key id');
  await lives(at, 5);
  assert.equal(count(at, 'media'), 1);
});

test('without the keys worker no media worker is started, however long that takes', async () => {
  const at = await startEngine();
  for (let times = 0; times < 6; times++) {
    at.worker('keys').fail('');
    if (times < 5) await at.later(500 * 2 ** times);
  }
  const before = count(at, 'media');
  await at.later(14_000);
  assert.equal(count(at, 'media'), before);
  assert.ok(at.worker('media').isEnded);
});

test('a browser that cannot seal says so in a call and out of it, and makes no leg', async () => {
  const at = await startEngine();
  await at.shows(null);
  assert.equal(at.view().trouble.kind, 'noSealing');
  await at.shows({});
  assert.equal(at.view().trouble.kind, 'noSealing');
  at.worker('keys').say({ kind: 'makeOffer', slot: 0, leg: 1 });
  await settled();
  assert.equal(at.worker('keys').last('offer'), undefined);
});
