// A page that is loaded anew in a call goes back into it as it was; a browser that stores nothing shows the call all the same.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { closeTabs, startEngine } from './support/browser.mjs';

test('loaded anew, it comes back to the same line, muted as before', async () => {
  const at = await startEngine();
  await at.shows({});
  at.engine.setVoice(false);
  const anew = await startEngine({ storage: at.storage });
  assert.equal(anew.worker('keys').last('start').resume, 'duty');
  await anew.shows(null);
  await anew.shows({});
  assert.deepEqual([anew.local().voice, anew.local().picture], [false, true]);
  assert.equal(anew.questions.of('microphone').length, 0, 'and opens no microphone');
});

test('a view without a call before it is back takes nothing from what a second reload needs', async () => {
  const at = await startEngine();
  await at.shows({});
  const anew = await startEngine({ storage: at.storage });
  await anew.shows(null);
  assert.equal((await startEngine({ storage: at.storage })).worker('keys').last('start').resume, 'duty');
});

test('in a call on another line, and in the call after it, it is not muted', async () => {
  const at = await startEngine();
  await at.shows({});
  at.engine.setVoice(false);
  const anew = await startEngine({ storage: at.storage });
  await anew.shows({ line: 'leaders' });
  assert.equal(anew.local().voice, true);
  await anew.shows(null);
  await anew.shows({});
  assert.equal(anew.local().voice, true);
});

test('loaded anew in the moment after an answer, it goes into that call all the same', async () => {
  for (const kind of ['answer', 'ring', 'takeOver']) {
    const at = await startEngine();
    at.engine.command({ kind, line: 'duty' });
    assert.ok(at.engine.isEntering);
    assert.equal((await startEngine({ storage: at.storage })).worker('keys').last('start').resume, 'duty', kind);
    at.engine.command({ kind: 'hangUp' });
    assert.ok(!at.engine.isEntering);
    assert.equal((await startEngine({ storage: at.storage })).worker('keys').last('start').resume, null);
  }
});

test('an answer that came to nothing takes no later page into a call', async () => {
  for (const until of [Date.now() - 1, Date.now() + 60_000]) {
    const left = JSON.stringify({ line: 'duty', voice: true, picture: true, until });
    const at = await startEngine({ storage: new Map([['trialogue-in-call', left]]) });
    assert.equal(at.worker('keys').last('start').resume, null);
  }
});

test('muted between answer and call, it goes in muted and opens no microphone', async () => {
  const at = await startEngine();
  at.engine.command({ kind: 'answer', line: 'duty' });
  at.engine.setVoice(false);
  await at.shows({});
  assert.deepEqual([at.local().voice, at.local().picture], [false, true]);
  assert.equal(at.questions.of('microphone').length, 0);
  assert.ok(!at.engine.isEntering);
});

test('after the call nothing of it is left', async () => {
  const at = await startEngine();
  await at.shows({});
  await at.shows(null);
  assert.deepEqual([...at.storage], []);
});

test('what somebody else has left in the storage is no call', async () => {
  for (const left of ['', '{', 'null', '7', '{"line":7}']) {
    const at = await startEngine({ storage: new Map([['trialogue-in-call', left]]) });
    assert.equal(at.worker('keys').last('start').resume, null, left);
  }
});

test('a browser that stores nothing shows the call, and its end', async () => {
  const refuse = () => {
    throw new DOMException('', 'SecurityError');
  };
  const at = await startEngine({ storage: { get: refuse, set: refuse, delete: refuse } });
  await at.shows({});
  assert.equal(at.view().call.line, 'duty');
  await at.shows(null);
  assert.equal(at.view().call, null);
});

test('hung up while it was still coming back, it does not come back', async () => {
  const at = await startEngine();
  await at.shows({});
  const anew = await startEngine({ storage: at.storage });
  anew.engine.command({ kind: 'hangUp' });
  assert.deepEqual([...at.storage], []);
  const third = await startEngine({ storage: at.storage });
  assert.equal(third.worker('keys').last('start').resume, null);
});

test('a tab that was duplicated in a call has none of its own, whatever becomes of the first', async () => {
  closeTabs();
  const first = await startEngine();
  await first.shows({});
  const copy = await startEngine({ storage: new Map(first.storage) });
  assert.equal(copy.worker('keys').last('start').resume, 'duty', 'so it would, alone');
  await copy.shows(null, { trouble: { kind: 'otherTab' } });
  assert.ok(copy.worker('keys').last('noCall'));
  assert.deepEqual([...copy.storage], []);
  assert.equal(first.worker('keys').last('noCall'), undefined);
  assert.ok(first.storage.size > 0, 'the first one is in its call');
});

test('nor where the first is still being loaded when it begins to wait', async () => {
  closeTabs();
  const first = await startEngine();
  const copy = await startEngine({ storage: new Map([['trialogue-in-call', '{"line":"duty","voice":true}']]) });
  await copy.shows(null, { trouble: { kind: 'otherTab' } });
  assert.equal(copy.worker('keys').last('noCall'), undefined);
  await first.shows(null);
  mock.timers.tick(1_000);
  assert.ok(copy.worker('keys').last('noCall'));
});

test('one that is loaded anew while its own worker is still ending keeps its call', async () => {
  closeTabs();
  const at = await startEngine();
  await at.shows({});
  closeTabs();
  const anew = await startEngine({ storage: at.storage });
  await anew.shows(null, { trouble: { kind: 'otherTab' } });
  mock.timers.tick(3_000);
  assert.equal(anew.worker('keys').last('noCall'), undefined);
});
