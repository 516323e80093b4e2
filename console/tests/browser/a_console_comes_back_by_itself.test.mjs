// Nothing that happens to a console or its site in a call asks for a hand: it is back in the same call, muted if it was muted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHotline } from './support/hotline.mjs';
import { heard, seatAll, unseat } from './support/officer.mjs';

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
  await officers.jpn.until('USA is on watch', ({ view }) => view.lines.find((line) => line.id === 'duty').parties.every((p) => p.id === 'KOR' || p.onWatch > 0));
  await officers.usa.until('a warm leg to each site', ({ legs }) => legs.every((leg) => leg === 'connected'));
  await officers.usa.ring('duty');
  await officers.jpn.answer();
  ({ view: { call: { call } } } = await talking('usa'));
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
  const sealed = ({ view }) => view?.call?.sealing.kind === 'sealed' && view.call.members.length === 2 && view.call.members.every((m) => m.me || m.keys === 'ready');
  const first = heard(await officers[name].until('sealed', (f) => sealed(f) && heard(f, id)), id)?.packetsReceived ?? 0;
  return officers[name].until('voice of the other', (f) => (heard(f, id)?.packetsReceived ?? 0) > first + 50 && heard(f, id).audioLevel >= 0);
}

/** Watches the voice of `id` in the page, until it is told to stop; then the longest time without a packet, in milliseconds. */
async function watch(name, id) {
  const { page } = officers[name];
  await page.evaluate((sender) => {
    globalThis.silence = { longest: 0, stop: false };
    let [last, at] = [-1, performance.now()];
    const look = async () => {
      const row = (await globalThis.trialogue.measure()).inbound.find((r) => r.device === sender && r.medium === 'voice');
      const now = performance.now();
      if (row && row.packetsReceived !== last) {
        if (last >= 0) globalThis.silence.longest = Math.max(globalThis.silence.longest, now - at);
        [last, at] = [row.packetsReceived, now];
      }
      if (!globalThis.silence.stop) setTimeout(look, 10);
    };
    void look();
  }, id);
  return () => page.evaluate(() => {
    globalThis.silence.stop = true;
    return Math.round(globalThis.silence.longest);
  });
}

test('loaded anew in the call, it is back in it, and still muted', async () => {
  await officers.usa.page.keyboard.press('m');
  await officers.usa.until('muted', ({ view }) => view.call.members.find((m) => m.me).voice === false);
  const began = Date.now();
  await officers.usa.page.reload();
  const { view } = await talking('usa');
  console.log(`from reload until 50 voice packets of the other were heard: ${Date.now() - began} ms`);
  assert.equal(view.call.call, call, 'the same call');
  assert.equal(view.call.members.find((m) => m.me).voice, false, 'muted as before');
  await officers.usa.page.keyboard.press('m');
  await talking('jpn');
});

test('its main site is killed: the same call goes on', async () => {
  await officers.usa.until('a warm leg to each site', ({ legs }) => legs.every((leg) => leg === 'connected'));
  const [usa, jpn] = [await device('usa'), await device('jpn')];
  const [there, here] = [await watch('jpn', usa), await watch('usa', jpn)];
  await hotline.kill('USA');
  await officers.usa.until('at the other site', ({ site }) => site === 1);
  const { view } = await talking('usa');
  await talking('jpn');
  console.log(`longest time without a voice packet: ${await there()} ms at the other party, ${await here()} ms at the console itself`);
  assert.equal(view.call.call, call, 'the same call');
  assert.equal(view.node, 'up');
});
