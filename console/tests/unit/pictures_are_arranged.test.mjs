// Who is seen in a call, and whose picture is large.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, large, layouts, next, seats, speaker } from '../../src/views/call/layout.ts';

const person = (device, more = {}) => ({ me: false, role: 'dutyOfficer', floor: 'open', ...more, person: { device } });
const devices = (members) => members.map((member) => member.person.device);
const quiet = () => 0;

test('everybody else is a picture, as long as no principal is on', () => {
  const members = [
    person('a', { me: true }),
    person('b'),
    person('p', { role: 'principal', floor: 'waiting' }),
    person('n', { role: 'noteTaker', floor: 'listening' }),
  ];
  for (const staged of [true, false]) {
    const { pictures, names } = seats({ staged, members });
    assert.deepEqual([devices(pictures), devices(names)], [['b', 'p', 'n'], []]);
  }
});

test('once principals are on, staff is names; on a line that is not staged nobody is', () => {
  const members = [
    person('a', { me: true }),
    person('p', { role: 'principal' }),
    person('b'),
    person('q', { role: 'principal', floor: 'held' }),
  ];
  const on = seats({ staged: true, members });
  assert.deepEqual([devices(on.pictures), devices(on.names)], [['p', 'q'], ['b']]);
  assert.deepEqual(devices(seats({ staged: false, members }).pictures), ['p', 'b', 'q']);
});

test('a principal who is alone with staff sees the staff', () => {
  const members = [person('p', { me: true, role: 'principal' }), person('b')];
  assert.deepEqual(devices(seats({ staged: true, members }).pictures), ['b']);
});

test('who speaks is large, and stays so through a pause and a word of another', () => {
  const pictures = [person('b'), person('c')];
  const at = (levels) => (device) => levels[device] ?? 0;
  assert.equal(speaker(null, pictures, quiet), 'b');
  assert.equal(speaker('b', pictures, at({ c: 0.3 })), 'c');
  assert.equal(speaker('c', pictures, quiet), 'c');
  assert.equal(speaker('c', pictures, at({ b: 0.9, c: 0.1 })), 'c');
  assert.equal(speaker('gone', pictures, quiet), 'b');
});

test('whom the officer chose stays large; who has left is not', () => {
  const pictures = [person('b'), person('c')];
  assert.equal(large('even', pictures, 'c', 'c'), null);
  assert.equal(large('speaker', pictures, 'c', 'b'), 'c');
  assert.equal(large('chosen', pictures, 'c', 'b'), 'b');
  assert.equal(large('chosen', pictures, 'c', 'gone'), 'b');
  assert.equal(large('chosen', [person('b')], null, 'b'), null, 'one picture fills the screen anyway');
});

test('one key goes through all layouts', () => {
  let at = 'even';
  const been = layouts.map(() => (at = next(at)));
  assert.deepEqual(been.toSorted(), layouts.toSorted());
  assert.equal(at, 'even');
});

test('pictures fill the screen, wide or tall', () => {
  for (let count = 1; count <= 16; count++) {
    const { wide, tall } = columns(count);
    assert.ok(wide >= tall && wide >= 1 && tall >= 1);
    assert.ok((wide - 1) * Math.ceil(count / wide) < count, `${count} wide: no empty column`);
  }
  assert.deepEqual(columns(2), { wide: 2, tall: 1 });
});
