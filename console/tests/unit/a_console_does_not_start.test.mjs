// A console that has not started says so and why, and takes it back once it has; one that goes on shows what it showed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEngine } from './support/browser.mjs';

async function start() {
  const at = await startEngine();
  const told = [];
  at.engine.onStart((trouble) => told.push(trouble));
  return { at, told };
}

test('the storage cannot be opened, or the program does not come: it is told which, until it has', async () => {
  for (const [broken, said] of [
    [{ kind: 'broken', why: 'storage: UnknownError', of: 'storage' }, 'storage'],
    [{ kind: 'broken', why: 'Failed to fetch' }, 'program'],
  ]) {
    const { at, told } = await start();
    at.worker('keys').say(broken);
    assert.deepEqual(told, [null, said]);
    assert.equal(at.view(), null, 'and never that nobody is enrolled here');
    await at.later(500);
    await at.shows(null);
    assert.deepEqual(told, [null, said, null]);
  }
});

test('a worker that says nothing at all is told of', async () => {
  const { at, told } = await start();
  await at.later(14_999);
  assert.deepEqual(told, [null]);
  await at.later(1);
  assert.deepEqual(told, [null, 'slow']);
  await at.shows(null);
  assert.deepEqual(told, [null, 'slow', null]);
});

test('one that broke after it had started is no start that failed', async () => {
  const { at, told } = await start();
  await at.shows({});
  at.worker('keys').say({ kind: 'broken', why: 'unreachable' });
  await at.later(60_000);
  assert.deepEqual(told, [null]);
  assert.equal(at.view().trouble.kind, 'worker');
});
