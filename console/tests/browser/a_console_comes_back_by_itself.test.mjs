// Nothing that happens to a console or its site in a call asks for a hand: it is back in the same call, muted if it was muted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { heard, hears, opened, seatAll, unseat } from './support/officer.mjs';
import { watchVoice } from './support/silence.mjs';

const seats = {
  usa: { office: 'usa-duty-officer', speech: 'speech-1.wav', clip: 'video-1.mjpeg' },
  jpn: { office: 'jpn-duty-officer', speech: 'speech-2.wav', clip: 'video-2.mjpeg', locale: 'ja' },
};
let hotline;
let officers = {};
let call;

before(async () => {
  hotline = await startHotline(['--alternate', 'USA']);
  officers = await seatAll(hotline, seats);
  await officers.jpn.until('USA is on watch', ({ view }) =>
    view.lines.find((line) => line.id === 'duty').parties.every((p) => p.id === 'KOR' || p.onWatch > 0),
  );
  await officers.usa.until('a warm leg to each site', ({ legs }) => legs.every((leg) => leg === 'connected'));
  await officers.usa.ring('duty');
  await officers.jpn.answer();
  ({
    view: {
      call: { call },
    },
  } = await talking('usa'));
  await talking('jpn');
});

after(async () => {
  await unseat(officers);
  await hotline?.stop();
});

const device = async (name) => (await officers[name].measure()).view.me.device;

/** Sealed with the other, and voice of the other comes, more than before. */
async function talking(name) {
  const other = name === 'usa' ? 'jpn' : 'usa';
  const id = await device(other);
  const sealed = ({ view }) =>
    view?.call?.sealing.kind === 'sealed' &&
    view.call.members.length === 2 &&
    view.call.members.every((m) => m.me || m.keys === 'ready');
  const first = opened(await officers[name].until('sealed', sealed), id);
  return officers[name].until('voice of the other', (f) => opened(f, id) > first + 50 && heard(f, id)?.audioLevel >= 0);
}

test('loaded anew in the call, it is back in it, and still muted', async () => {
  await officers.usa.page.keyboard.press('m');
  await officers.usa.until('muted', ({ view }) => view.call.members.find((m) => m.me).voice === false);
  const began = Date.now();
  await officers.usa.page.reload();
  const jpn = await device('jpn');
  await officers.usa.until('the first voice packet', (f) => f.view?.call && hears(jpn, 1)(f));
  console.log(`from reload until the first voice packet of the other came: ${Date.now() - began} ms`);
  const { view } = await talking('usa');
  assert.equal(view.call.call, call, 'the same call');
  assert.equal(view.call.members.find((m) => m.me).voice, false, 'muted as before');
  await officers.usa.page.keyboard.press('m');
  await talking('jpn');
});

test('its main site is killed: the same call goes on', async () => {
  await officers.usa.until('a warm leg to each site', ({ legs }) => legs.every((leg) => leg === 'connected'));
  const [usa, jpn] = [await device('usa'), await device('jpn')];
  const [there, here] = [await watchVoice(officers.jpn.page, usa), await watchVoice(officers.usa.page, jpn)];
  await hotline.kill('USA');
  await officers.usa.until('at the other site', ({ site }) => site === 1);
  const { view } = await talking('usa');
  await talking('jpn');
  console.log(
    `longest time without a voice packet: ${await there()} ms at the other party, ${await here()} ms at the console itself`,
  );
  assert.equal(view.call.call, call, 'the same call');
  assert.equal(view.node, 'up');
});
