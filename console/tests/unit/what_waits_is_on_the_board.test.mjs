// What was promised, by whom and until when, is put before an officer in the order in which it is due.
import assert from 'node:assert/strict';
import test from 'node:test';
import { columns, sharedMarking, waits } from '../../src/views/board/waits.ts';

const party = (id, own = false, ring = { kind: 'none' }) => ({ id, name: { en: id, ja: id, ko: id }, own, ring });
const back = (callBackMs) => ({ kind: 'declined', reason: 'callBack', callBackMs, deputy: null });
const line = (id, parties, more = {}) => ({
  id,
  marking: 'SECRET',
  parties,
  ring: null,
  outcome: null,
  missed: [],
  ...more,
});

test('nothing waits while all is quiet', () => {
  assert.deepEqual(waits([line('duty', [party('USA', true), party('JPN')])]), []);
});

test('what is due first comes first, and what has no time last', () => {
  const lines = [
    line('ended', [party('USA', true)], { outcome: 'unanswered' }),
    line('back', [party('USA', true), party('JPN', false, back(300)), party('KOR', false, back(200))]),
    line('promised', [party('USA', true)], { ring: { readyMs: 100 } }),
  ];
  const all = waits(lines);
  assert.deepEqual(
    all.map((wait) => [wait.line.id, wait.firstMs]),
    [
      ['promised', 100],
      ['back', 200],
      ['ended', null],
    ],
  );
  assert.deepEqual(
    all[1].declined.map((one) => [one.party.en, one.own, one.callBackMs]),
    [
      ['KOR', false, 200],
      ['JPN', false, 300],
    ],
  );
});

test('a call back that the own party has promised waits as well', () => {
  const [wait] = waits([line('duty', [party('USA', true, back(500)), party('JPN')])]);
  assert.deepEqual(
    wait.declined.map((one) => one.own),
    [true],
  );
});

const rang = (call, party, callBackMs = null) => ({ call, party, callBackMs, atMs: 1, name: {}, office: {} });

test('a ring that nobody answered waits: one entry for each party, and each promise by itself', () => {
  const missed = [rang('01', 'JPN'), rang('02', 'KOR', 700), rang('03', 'JPN'), rang('04', 'KOR', 600)];
  const [wait] = waits([line('duty', [party('USA', true), party('JPN')], { missed })]);
  assert.equal(wait.firstMs, 600);
  assert.deepEqual(
    wait.missed.map((one) => [one.party, one.ring.call, one.more, one.calls]),
    [
      ['KOR', '04', 0, ['04']],
      ['KOR', '02', 0, ['02']],
      ['JPN', '03', 1, ['01', '03']],
    ],
  );
});

test('a promise that waits is not said a second time while the ring goes on with others', () => {
  const [wait] = waits([line('duty', [party('USA', true, back(500))], { missed: [rang('01', 'JPN', 500)] })]);
  assert.deepEqual([wait.declined, wait.missed.length, wait.firstMs], [[], 1, 500]);
});

test('a ring that was declined without a time is no promise; once it is over, why it was declined is said', () => {
  const parties = [party('JPN', false, back(null)), party('KOR', false, { kind: 'expired' })];
  assert.deepEqual(waits([line('duty', parties)]), []);
  const [wait] = waits([line('duty', parties, { outcome: 'declined' })]);
  assert.deepEqual([wait.firstMs, wait.declined.map((one) => one.party.en)], [null, ['JPN']]);
});

test('there is a column for every party of any line, and one marking only where all have it', () => {
  const lines = [line('duty', [party('USA', true), party('JPN')]), line('leaders', [party('USA', true), party('KOR')])];
  assert.deepEqual(
    columns(lines).map(({ id }) => id),
    ['USA', 'JPN', 'KOR'],
  );
  assert.equal(sharedMarking(lines), 'SECRET');
  assert.equal(sharedMarking([...lines, { ...lines[0], marking: 'TOP SECRET' }]), null);
  assert.equal(sharedMarking([]), null);
});
