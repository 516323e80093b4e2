// A key is where it is on the keyboard, a held one presses once, and what was meant for one screen falls on no other.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { acts, digitOf, Front, KEYS, letterOf, pressed, pressedOnce, SLIP_MS } from '../../src/views/keys.ts';

/** What a key falls on; `closest` gives whatever is asked for, or nothing. */
globalThis.HTMLElement ??= class {
  constructor(closest) {
    this.closest = () => closest;
  }
};
const [button, field] = [new HTMLElement(null), new HTMLElement({})];

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

/** Pressed on a keyboard on which Latin letters are written. */
const PRESS = {
  '1 – 9': { key: '7', code: 'Digit7' },
  Esc: { key: 'Escape' },
  'Ctrl + Enter': { key: 'Enter', ctrlKey: true },
  'Ctrl + P': { key: 'p', code: 'KeyP', ctrlKey: true },
};
const press = (cap) => ({ code: /^[A-Z]$/.test(cap) ? `Key${cap}` : '', key: cap, target: button, ...PRESS[cap] });

test('a key does on its screen what the list says, on no other, and with no other key held', () => {
  for (const act of acts) {
    const { on, cap } = KEYS[act];
    assert.equal(pressed(press(cap), on), act, cap);
    const others = ['any', 'board', 'call', 'written', 'ring'].filter((screen) => screen !== on);
    assert.ok(others.every((screen) => pressed(press(cap), screen) !== act));
    assert.equal(pressed({ ...press(cap), altKey: true }, on), undefined);
    assert.equal(pressed({ ...press(cap), isComposing: true }, on), undefined, 'an input method has it');
    const turned = pressed({ ...press(cap), ctrlKey: !cap.startsWith('Ctrl') }, on);
    assert.notEqual(turned, act, `${cap}, with and without Ctrl`);
  }
  assert.equal(new Set(acts.map((act) => `${KEYS[act].on} ${KEYS[act].cap}`)).size, acts.length);
});

test('what types something types it into a field, and does nothing else there', () => {
  for (const act of acts) {
    const { on, cap } = KEYS[act];
    const types = /^[A-Z0-9?]$/.test(cap) || cap === '1 – 9';
    assert.equal(pressed({ ...press(cap), target: field }, on), types ? undefined : act, cap);
  }
});

test('the question mark is found on every keyboard', () => {
  for (const [key, code, shiftKey] of [
    ['?', 'Slash', true],
    ['?', 'KeyM', true],
    ['?', 'Digit7', true],
    ['？', 'Slash', true],
    ['Process', 'Slash', true],
  ])
    assert.equal(pressed({ key, code, shiftKey }, 'any'), 'help', `${key} at ${code}`);
  assert.equal(pressed({ key: 'Process', code: 'Slash', shiftKey: false }, 'any'), undefined);
  assert.equal(pressed({ key: '/', code: 'Slash', shiftKey: false }, 'any'), undefined);
});
