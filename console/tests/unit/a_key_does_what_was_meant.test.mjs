// A key is where it is on the keyboard, a held one presses once, and what was meant for one screen falls on no other.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { CALL_KEYS, Front, SLIP_MS, callAct, callKey, digitOf, letterOf, pressedOnce } from '../../src/views/keys.ts';

test('letters are found on every keyboard', () => {
  for (const [key, code, letter] of [
    ['m', 'KeyM', 'm'],
    ['M', 'KeyM', 'm'],
    ['ㅡ', 'KeyM', 'm'],
    ['も', 'KeyM', 'm'],
    ['ь', 'KeyM', 'm'],
    ['Process', 'KeyH', 'h'],
    // Dvorak: what is written on the key counts.
    ['m', 'KeyM', 'm'],
    ['v', 'Period', 'v'],
    ['F3', 'F3', ''],
    ['Enter', 'Enter', ''],
  ])
    assert.equal(letterOf({ key, code }), letter, `${key} at ${code}`);
});

test('digits are found on every keyboard', () => {
  for (const [key, code, digit] of [
    ['2', 'Digit2', 2],
    ['é', 'Digit2', 2],
    ['Process', 'Digit3', 3],
    ['0', 'Numpad0', 0],
    ['End', 'Numpad1', 1],
    ['F2', 'F2', undefined],
    ['m', 'KeyM', undefined],
  ])
    assert.equal(digitOf({ key, code }), digit, `${key} at ${code}`);
});

test('a key that is held presses a button once', () => {
  globalThis.HTMLElement ??= class {
    constructor(closest) {
      this.closest = () => closest;
    }
  };
  const event = (key, repeat, button) => {
    const pressed = { key, repeat, target: new HTMLElement(button), prevented: false };
    pressed.preventDefault = () => (pressed.prevented = true);
    pressedOnce(pressed);
    return pressed.prevented;
  };
  assert.ok(event('Enter', true, {}) && event(' ', true, {}));
  assert.ok(!event('Enter', false, {}), 'the first time it does');
  assert.ok(!event('Enter', true, null), 'a text has as many lines as were typed');
  assert.ok(!event('ArrowDown', true, {}));
});

test('another screen settles before anything on it is pressed, the first one of a page does not', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const told = [];
  const front = new Front((settling) => told.push(settling));
  front.show('board');
  front.show('board');
  assert.deepEqual(told, []);
  front.show('ring 1');
  assert.deepEqual(told, [true]);
  mock.timers.tick(SLIP_MS - 1);
  front.show('ring 2');
  mock.timers.tick(SLIP_MS - 1);
  assert.deepEqual(told, [true, true], 'the next one begins anew');
  front.show('ring 2');
  mock.timers.tick(1);
  assert.deepEqual(told, [true, true, false]);
});

test('no two acts of a call have one key, and each is found by its own on every keyboard', () => {
  const letters = Object.values(CALL_KEYS);
  assert.equal(new Set(letters).size, letters.length);
  for (const [act, letter] of Object.entries(CALL_KEYS)) {
    const code = `Key${letter.toUpperCase()}`;
    assert.equal(callAct({ key: letter, code }), act);
    assert.equal(callAct({ key: '\u3147', code }), act, 'Korean');
    assert.equal(callKey(act), letter.toUpperCase());
  }
  assert.equal(callAct({ key: 'Enter', code: 'Enter' }), undefined);
});
