// The machine of a console gets another address, is put to another wire, is off the network for 20 seconds, and sleeps: it is back in the same call
// by itself each time. A real browser in a network namespace of its own, by HTTPS. How long it took is printed.
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { after, before, test } from 'node:test';
import { startDesk } from './support/desk.mjs';
import { opened } from './support/officer.mjs';
import { watchVoice } from './support/silence.mjs';

const skip = userInfo().uid === 0 ? false : 'network namespaces need root';
/** Frames that are enough to say that a voice comes: a second of it. */
const SOME = 50;
let desk;
let call;
let other;

before(async () => {
  if (skip) return;
  desk = await startDesk();
  const { officer } = desk;
  await officer.until('the other party is on watch', ({ view }) =>
    view.lines[0]?.parties.every((party) => party.onWatch > 0),
  );
  await officer.until('a warm leg', ({ legs }) => legs[0] === 'connected');
  await officer.ring('duty');
  await desk.happens('answer');
  await officer.inCallWith(2);
  const { view } = await officer.until(
    'all keys',
    ({ view }) => view.call?.sealing.kind === 'sealed' && view.call.members.every((m) => m.me || m.keys === 'ready'),
  );
  ({
    call: { call },
  } = view);
  other = view.call.members.find((member) => !member.me).person.device;
  await talking();
});

after(() => desk?.stop(), { timeout: 20_000 });

/** Frames of this console's voice that the other party has opened. */
async function openedThere() {
  const { heard } = await desk.happens('figures');
  return heard.filter((row) => row.medium === 'voice').reduce((sum, row) => sum + row.opened, 0);
}

/** Voice of the other comes here, and this one's voice comes there: whichever leg they go over, more than before is opened. */
async function talking() {
  const { officer } = desk;
  const here = opened(await officer.measure(), other);
  const there = await openedThere();
  const figures = await officer.until('voice of the other', (f) => opened(f, other) > here + SOME);
  await officer.until('the own voice at the other party', async () => (await openedThere()) > there + SOME);
  return figures;
}

/** What happens, and the longest time without a voice packet here and there, in milliseconds. */
async function survives(what, ...words) {
  await desk.happens('reset');
  const here = await watchVoice(desk.officer.page, other);
  for (const word of words) {
    if (typeof word === 'string') await desk.happens(word);
    else await new Promise((resolve) => setTimeout(resolve, word.wait));
  }
  // Whatever was still under way says nothing: it has to break first, or not at all.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { view } = await talking();
  const [longest, { voice }] = [await here(), await desk.happens('figures')];
  console.log(
    `${what}: longest silence ${longest} ms at the console itself, ${Math.round(Math.max(...voice.map((row) => row.longest_gap_ms)))} ms at the other party`,
  );
  assert.equal(view.call.call, call, 'the same call');
  assert.equal(view.node, 'up');
  return longest;
}

test('another address', { skip }, () => survives('another address', 'renumber'));
test('another wire', { skip }, () => survives('another wire', 'rewire'));
test('20 seconds without any network', { skip }, async () => {
  const longest = await survives('20 seconds without any network', 'unplug', { wait: 20_000 }, 'plug');
  assert.ok(longest >= 15_000, 'the wire was out');
});
test('the lid is closed for 20 seconds, and it wakes up elsewhere', { skip }, async () => {
  const longest = await survives(
    'the lid closed for 20 seconds',
    'sleep',
    'unplug',
    { wait: 20_000 },
    'plug',
    'renumber',
    'wake',
  );
  assert.ok(longest >= 15_000, 'it slept');
});
